import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { kafkaClient, type Kafka } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { deadLettersByTenant, readLedger, storedDevices } from "./audit-sources.ts";
import { auditFleet, type FleetAudit } from "./audit.ts";
import type { DemoOptions } from "./config.ts";
import { DEMO_DIRECTORY, PROJECT, publishEndpoints, withdrawEndpoints } from "./endpoints.ts";
import { Observer, type Snapshot } from "./observer.ts";
import { startBridge, startFleet, startWriter, type FleetProgram, type Program } from "./programs.ts";
import { startServers, stopServers, type Servers } from "./servers.ts";
import { settled } from "./settle.ts";

/** What the demo shows of itself while it runs. */
export interface DemoDisplay {
  /** A step of the start or the stop. */
  step(text: string): void;
  /** Everything runs; `elapsedMs` counts from here. */
  running(): void;
  /** About once a second. */
  look(now: Snapshot, before: Snapshot | undefined, elapsedMs: number): void;
}

const LOOK_INTERVAL_MS = 1000;
/** A look costs BigQuery time that grows with the rows: it gets at most this share of it. */
const LOOK_SHARE = 0.2;
const DRAIN_PATIENCE_MS = 30_000;

/**
 * Runs the whole pipeline until `stop` aborts or its time is over, stops it from the devices on, and compares what the
 * devices know with what BigQuery has.
 *
 * @throws if a server or a program does not start, or ends before it was told to; everything is stopped then too.
 */
export async function runDemo(options: DemoOptions, display: DemoDisplay, stop: AbortSignal): Promise<FleetAudit[]> {
  await rm(DEMO_DIRECTORY, { recursive: true, force: true });
  const servers = await startServers((step) => display.step(step));
  const run = new DemoRun(servers, display);
  try {
    await run.start(options.fleets, stop);
    await run.watch(options.durationMs, stop);
    return await run.finish();
  } finally {
    await run.end();
  }
}

/** One life of the pipeline, between the start and the stop of the servers. */
class DemoRun {
  readonly #servers: Servers;
  readonly #display: DemoDisplay;
  readonly #kafka: Kafka;
  readonly #admin: ReturnType<Kafka["admin"]>;
  readonly #clients: BigQueryClients;
  readonly #observer: Observer;
  readonly #programs: Program[] = [];
  #bridge: Program | undefined;
  #writer: Program | undefined;
  #fleets: FleetProgram[] = [];

  constructor(servers: Servers, display: DemoDisplay) {
    this.#servers = servers;
    this.#display = display;
    this.#kafka = kafkaClient({ brokers: [servers.kafka.address], clientId: "demo", log: silentLogger });
    this.#admin = this.#kafka.admin();
    const { restEndpoint, grpcEndpoint } = servers.bigQuery;
    this.#clients = bigQueryClients({ project: PROJECT, restEndpoint, grpcEndpoint });
    this.#observer = new Observer(this.#admin, this.#clients, systemClock);
  }

  /** Sinks before sources: writer and bridge, then the devices. */
  async start(fleetFiles: readonly string[], stop: AbortSignal): Promise<void> {
    await this.#admin.connect();
    this.#display.step("starting bq-writer and mqtt-bridge");
    [this.#writer, this.#bridge] = await Promise.all([startWriter(this.#servers), startBridge(this.#servers)]);
    this.#programs.push(this.#writer, this.#bridge);
    for (const file of fleetFiles) {
      if (stop.aborted) break;
      this.#display.step(`starting the devices of ${file}`);
      this.#fleets.push(await startFleet(this.#servers, resolve(file)));
    }
    this.#programs.push(...this.#fleets);
    publishEndpoints(this.#endpoints());
    this.#display.running();
  }

  /** Looks about once a second until it is time to stop. */
  async watch(durationMs: number | undefined, stop: AbortSignal): Promise<void> {
    const startMs = systemClock.monotonicMs();
    const elapsedMs = (): number => systemClock.monotonicMs() - startMs;
    const died = Promise.race(this.#programs.map(unexpectedEnd));
    died.catch(() => undefined);
    let before: Snapshot | undefined;
    while (!stop.aborted && elapsedMs() < (durationMs ?? Infinity)) {
      const lookedMs = elapsedMs();
      const now = await Promise.race([this.#observer.look(this.#programs), died]);
      this.#display.look(now, before, elapsedMs());
      before = now;
      const pauseMs = Math.max(LOOK_INTERVAL_MS, (elapsedMs() - lookedMs) / LOOK_SHARE) - (elapsedMs() - lookedMs);
      const restMs = (durationMs ?? Infinity) - elapsedMs();
      await Promise.race([
        systemClock.sleep(Math.max(0, Math.min(pauseMs, restMs)), stop).catch(() => undefined),
        died,
      ]);
    }
  }

  /** Stops from the devices on, each part when it has passed on everything, and compares. */
  async finish(): Promise<FleetAudit[]> {
    this.#display.step("stopping the devices");
    await Promise.all(this.#fleets.map(stopInOrder));
    const ledgers = await Promise.all(this.#fleets.map(({ ledgerFile }) => readLedger(ledgerFile)));
    const delivered = ledgers
      .flatMap(({ devices }) => devices)
      .reduce((sum, { acknowledged }) => sum + acknowledged.stored + acknowledged.rejected, 0);
    this.#display.step("waiting until the bridge has passed everything on");
    await this.#drained(() => this.#observer.records(), delivered);
    if (this.#bridge !== undefined) await stopInOrder(this.#bridge);
    this.#display.step("waiting until the writer has stored everything");
    await this.#drained(async () => -(await this.#lag()), 0);
    if (this.#writer !== undefined) await stopInOrder(this.#writer);
    const [stored, deadLetters] = await Promise.all([
      storedDevices(this.#clients),
      deadLettersByTenant(this.#kafka, systemClock),
    ]);
    return ledgers.map((ledger) => auditFleet(ledger, stored, deadLetters.get(ledger.tenant) ?? 0));
  }

  /** After whatever happened: nothing stays behind. */
  async end(): Promise<void> {
    withdrawEndpoints();
    this.#display.step("stopping the servers");
    await Promise.all(this.#programs.map(({ process }) => process.stop()));
    await Promise.allSettled([this.#admin.disconnect(), this.#clients.close()]);
    await stopServers(this.#servers);
  }

  async #lag(): Promise<number> {
    return (await this.#observer.lags()).reduce((sum, { lag }) => sum + Number(lag), 0);
  }

  /** What does not come by then shows as missing in the audit, which is the one that judges. */
  async #drained(read: () => Promise<number>, enough: number): Promise<void> {
    const isEnough = (value: number): boolean => value >= enough;
    const settling = { clock: systemClock, read, isEnough, stillForMs: 1000, patienceMs: DRAIN_PATIENCE_MS };
    if (!(await settled(settling))) this.#display.step("… nothing more comes, going on");
  }

  #endpoints(): Parameters<typeof publishEndpoints>[0] {
    const { mosquitto, kafka, bigQuery } = this.#servers;
    return {
      pid: process.pid,
      mqttUrl: mosquitto.url,
      kafka: kafka.address,
      bigQueryRest: bigQuery.restEndpoint,
      bigQueryGrpc: bigQuery.grpcEndpoint,
      ops: Object.fromEntries(this.#programs.map(({ name, ops }) => [name, ops])),
    };
  }
}

async function unexpectedEnd({ name, process: running }: Program): Promise<never> {
  const { code, signal } = await running.exited;
  throw new Error(`${name} ended by itself (${signal ?? code ?? "?"}); its log: ${running.logPath}`);
}

/** @throws if it did not stop as asked within its grace period. */
async function stopInOrder({ name, process: running }: Program): Promise<void> {
  const { code, signal } = await running.stop(35_000);
  if (code !== 0) throw new Error(`${name} did not stop in order (${signal ?? code ?? "?"}): ${running.logPath}`);
}
