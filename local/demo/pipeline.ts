import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { kafkaClient, type Kafka } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { deadLettersByTenant, readLedger, storedDevices } from "./audit-sources.ts";
import { auditFleet, type FleetAudit } from "./audit.ts";
import { Observer } from "./observer.ts";
import { PROJECT, startBridge, startFleet, startWriter, type FleetProgram, type Program } from "./programs.ts";
import { startServers, stopServers, type Servers } from "./servers.ts";
import { settled } from "./settle.ts";

/** Told what happens while it starts and stops. */
export type OnStep = (step: string) => void;

const DRAIN_PATIENCE_MS = 60_000;

/**
 * The whole pipeline as processes on this machine: servers, writer, bridge and fleets, started from the sinks on and
 * stopped from the sources on. Programs may be killed and started again in between.
 */
export class Pipeline {
  readonly servers: Servers;
  readonly observer: Observer;
  readonly clients: BigQueryClients;
  readonly fleets: FleetProgram[] = [];
  writer: Program | undefined;
  bridge: Program | undefined;
  readonly #kafka: Kafka;
  readonly #admin: ReturnType<Kafka["admin"]>;
  readonly #onStep: OnStep;

  private constructor(servers: Servers, onStep: OnStep) {
    this.servers = servers;
    this.#onStep = onStep;
    this.#kafka = kafkaClient({ brokers: [servers.kafka.address], clientId: "demo", log: silentLogger });
    this.#admin = this.#kafka.admin({ retry: { retries: 30, maxRetryTime: 1000 } });
    const { restEndpoint, grpcEndpoint } = servers.bigQuery;
    this.clients = bigQueryClients({ project: PROJECT, restEndpoint, grpcEndpoint });
    this.observer = new Observer(this.#admin, this.clients, systemClock);
  }

  /** Starts the servers on empty data: what is in the directory is removed. */
  static async start(directory: string, onStep: OnStep): Promise<Pipeline> {
    await rm(directory, { recursive: true, force: true });
    const pipeline = new Pipeline(await startServers(directory, onStep), onStep);
    await pipeline.#admin.connect();
    return pipeline;
  }

  /** Every program that was started and is meant to run. */
  get programs(): Program[] {
    return [this.writer, this.bridge, ...this.fleets].filter((program) => program !== undefined);
  }

  async startWriter(): Promise<void> {
    this.writer = await startWriter(this.servers);
  }

  async startBridge(): Promise<void> {
    this.bridge = await startBridge(this.servers);
  }

  async startFleet(file: string): Promise<void> {
    this.fleets.push(await startFleet(this.servers, resolve(file)));
  }

  /**
   * Starts a program again that has ended by itself, as what it was: the same client id, member name and fleet. What a
   * simulator knew about its readings ended with it.
   */
  async restart(program: Program): Promise<void> {
    const index = this.fleets.findIndex((fleet) => fleet === program);
    const fleet = this.fleets[index];
    if (program === this.writer) await this.startWriter();
    else if (program === this.bridge) await this.startBridge();
    else if (fleet !== undefined) this.fleets[index] = await startFleet(this.servers, fleet.fleetFile);
  }

  /**
   * Stops from the devices on, each part when it has passed on everything, and compares what the devices know with what
   * BigQuery has. What does not come any more is waited for `patienceMs`, and then missing.
   *
   * A fleet whose program has ended by itself has left no ledger, and cannot be audited.
   *
   * @throws if a program does not stop in order within its grace period.
   */
  async finish(patienceMs = DRAIN_PATIENCE_MS): Promise<FleetAudit[]> {
    this.#onStep("stopping the devices");
    const fleets = this.fleets.filter(({ process }) => process.isRunning);
    await Promise.all(fleets.map(stopInOrder));
    const ledgers = await Promise.all(fleets.map(({ ledgerFile }) => readLedger(ledgerFile)));
    const delivered = ledgers
      .flatMap(({ devices }) => devices)
      .reduce((sum, { acknowledged }) => sum + acknowledged.stored + acknowledged.rejected, 0);
    this.#onStep("waiting until the bridge has passed everything on");
    await this.#drained(() => this.observer.records(), delivered, patienceMs);
    if (this.bridge?.process.isRunning) await stopInOrder(this.bridge);
    this.#onStep("waiting until the writer has stored everything");
    await this.#drained(async () => -(await this.#lag()), 0, patienceMs);
    if (this.writer?.process.isRunning) await stopInOrder(this.writer);
    const [stored, deadLetters] = await Promise.all([
      storedDevices(this.clients),
      deadLettersByTenant(this.#kafka, systemClock),
    ]);
    return ledgers.map((ledger) => auditFleet(ledger, stored, deadLetters.get(ledger.tenant) ?? 0));
  }

  /** After whatever happened: nothing stays behind. */
  async end(): Promise<void> {
    this.#onStep("stopping the servers");
    await Promise.all(this.programs.map(({ process }) => process.stop()));
    await Promise.allSettled([this.#admin.disconnect(), this.clients.close()]);
    await stopServers(this.servers);
  }

  async #lag(): Promise<number> {
    return (await this.observer.lags()).reduce((sum, { lag }) => sum + Number(lag), 0);
  }

  /** What does not come by then shows as missing in the audit, which is the one that judges. */
  async #drained(read: () => Promise<number>, enough: number, patienceMs: number): Promise<void> {
    const isEnough = (value: number): boolean => value >= enough;
    const settling = { clock: systemClock, read, isEnough, stillForMs: 1000, patienceMs };
    if (!(await settled(settling))) this.#onStep("nothing more comes, going on");
  }
}

/** @throws if it did not stop as asked within its grace period. */
async function stopInOrder({ name, process: running }: Program): Promise<void> {
  const { code, signal } = await running.stop(35_000);
  if (code !== 0)
    throw new Error(`${name} did not stop in order (${signal ?? code ?? "?"}); its log: ${running.logPath}`);
}
