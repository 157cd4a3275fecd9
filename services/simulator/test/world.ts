/** What the simulator's tests share: a real broker, a subscriber that keeps everything, the simulator as a process. */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseTelemetryTopic, validateReading } from "#events";
import { Subscriber } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import {
  eventually,
  freePort,
  ServerProcess,
  startMosquitto,
  temporaryDirectory,
  type Mosquitto,
  type MosquittoOptions,
} from "#testkit";
import type { LedgerReport } from "../ledger-report.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
}

/** A persistent subscriber with QoS 1. */
export class Recorder {
  readonly messages: Message[] = [];
  readonly #subscriber: Subscriber;

  constructor(url: string, filter = "sensors/#") {
    this.#subscriber = new Subscriber({
      connection: { url, clientId: `recorder-${randomUUID()}`, keepaliveSeconds: 60, sessionExpirySeconds: 3600 },
      filter,
      mode: "subscribe",
      maxOutstanding: 60_000,
      maxOutstandingBytes: 256 * 1024 * 1024,
      clock: systemClock,
      log: silentLogger,
      onMessage: (topic, payload) => {
        this.messages.push({ topic, payload: Buffer.from(payload) });
        queueMicrotask(() => this.#subscriber.confirm(1));
      },
      onFatal: (error) => {
        throw error;
      },
    });
  }

  static async start(url: string, filter?: string): Promise<Recorder> {
    const recorder = new Recorder(url, filter);
    recorder.#subscriber.start();
    await eventually("subscribed", () => recorder.#subscriber.state === "connected");
    return recorder;
  }

  get telemetry(): Message[] {
    return this.messages.filter(({ topic }) => topic.endsWith("/telemetry"));
  }

  close(): Promise<void> {
    return this.#subscriber.close();
  }
}

/** A simulator as a process. */
export interface RunningSimulator {
  readonly process: ServerProcess;
  readonly opsPort: number;
  /** The value of a metric; labels as in `name{a="b"}`. */
  metric(name: string): Promise<number>;
  ledger(): Promise<LedgerReport>;
  summary(): Promise<Record<string, unknown>>;
  /** Puts another file in the place of the fleet file, as Kubernetes does. */
  changeFleet(fleet: string): void;
  /** What the process left at its stop. */
  ledgerFile(): LedgerReport;
}

export class World {
  readonly mosquitto: Mosquitto;
  readonly #simulators: ServerProcess[] = [];
  readonly #recorders: Recorder[] = [];

  private constructor(mosquitto: Mosquitto) {
    this.mosquitto = mosquitto;
  }

  static async start(options?: MosquittoOptions): Promise<World> {
    return new World(await startMosquitto(options));
  }

  async recorder(filter?: string): Promise<Recorder> {
    const recorder = await Recorder.start(this.mosquitto.url, filter);
    this.#recorders.push(recorder);
    return recorder;
  }

  /** Starts a simulator of a fleet file's text. */
  async simulator(
    fleet: string,
    environment: Readonly<Record<string, string>> = {},
    isReady: (log: string) => boolean = (log) => log.includes("all devices are connected"),
  ): Promise<RunningSimulator> {
    const directory = temporaryDirectory("simulator");
    const [fleetFile, ledgerFile] = [join(directory, "fleet.yaml"), join(directory, "ledger.json")];
    writeFileSync(fleetFile, fleet);
    const opsPort = await freePort();
    const server = await ServerProcess.start({
      name: "simulator",
      command: process.execPath,
      args: [MAIN],
      directory,
      isTemporary: true,
      environment: {
        FLEET_FILE: fleetFile,
        LEDGER_FILE: ledgerFile,
        MQTT_URL: this.mosquitto.url,
        OPS_PORT: String(opsPort),
        ...environment,
      },
      isReady,
    });
    this.#simulators.push(server);
    const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${opsPort}${path}`);
    return {
      process: server,
      opsPort,
      metric: async (name) => {
        const line = (await (await get("/metrics")).text()).split("\n").find((text) => text.startsWith(`${name} `));
        if (line === undefined) throw new Error(`no metric ${name}`);
        return Number(line.slice(name.length));
      },
      ledger: async () => (await (await get("/ledger")).json()) as LedgerReport,
      summary: async () => (await (await get("/summary")).json()) as Record<string, unknown>,
      changeFleet: (text) => {
        writeFileSync(`${fleetFile}.new`, text);
        renameSync(`${fleetFile}.new`, fleetFile);
      },
      ledgerFile: () => JSON.parse(readFileSync(ledgerFile, "utf8")) as LedgerReport,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#simulators.map((simulator) => simulator.kill()));
    await Promise.all(this.#recorders.map((recorder) => recorder.close()));
    await this.mosquitto.server[Symbol.asyncDispose]();
  }
}

/** What is wrong between a ledger and what arrived; empty if nothing is. */
export interface Audit {
  readonly missing: string[];
  readonly wrong: string[];
  /** First appearances whose `seq` is below one that came before. */
  readonly outOfOrder: string[];
  readonly duplicates: number;
  /** More duplicates than the device published; only a broker that died may add some. */
  readonly unexplained: string[];
}

/** Compares a complete ledger with everything that arrived. */
export function audit(report: LedgerReport, messages: readonly Message[]): Audit {
  const bySensor = Map.groupBy(messages, ({ topic }) => parseTelemetryTopic(topic)?.sensorId);
  const result: Audit & { duplicates: number } = {
    missing: [],
    wrong: [],
    outOfOrder: [],
    duplicates: 0,
    unexplained: [],
  };
  for (const { sensorId, bootId, made, acknowledged, repeats } of report.devices) {
    const arrived = bySensor.get(sensorId) ?? [];
    const [seqs, rejected] = [new Set<number>(), new Set<string>()];
    let highest = -1;
    for (const { topic, payload } of arrived) {
      const verdict = validateReading(payload, topic, systemClock.nowMs());
      if (!verdict.ok) {
        rejected.add(payload.toString("hex"));
      } else if (verdict.reading.boot_id !== bootId) {
        result.wrong.push(`${sensorId}: another boot`);
      } else if (!seqs.has(verdict.reading.seq)) {
        const { seq } = verdict.reading;
        if (seq < highest) result.outOfOrder.push(`${sensorId}/${seq}`);
        highest = Math.max(highest, seq);
        seqs.add(seq);
      }
    }
    const duplicates = arrived.length - seqs.size - rejected.size;
    result.duplicates += duplicates;
    if (duplicates > repeats) result.unexplained.push(`${sensorId}: ${duplicates} duplicates, ${repeats} repeats`);
    if (seqs.size !== acknowledged.stored || rejected.size !== acknowledged.rejected)
      result.missing.push(
        `${sensorId}: ${seqs.size} of ${acknowledged.stored}, ${rejected.size} of ${acknowledged.rejected}`,
      );
    if (seqs.size + rejected.size !== made) result.missing.push(`${sensorId}: ${made} made`);
    if (highest >= made) result.wrong.push(`${sensorId}: more than it made`);
  }
  if (bySensor.size > report.devices.length) result.wrong.push("sensors that nobody simulated");
  return result;
}

export const nothingWrong = { missing: [], wrong: [], unexplained: [] };
export const nothingWrongAndInOrder = { ...nothingWrong, outOfOrder: [] };
