/** What the bridge's tests share: real servers, the bridge as a process of its own, and what came out in Kafka. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Admin, Consumer } from "kafkajs";
import { kafkaTopics, recordKey, telemetryTopic } from "#events";
import { ensureTopics, kafkaClient, type Kafka } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import {
  eventually,
  freePort,
  ServerProcess,
  startKafka,
  startMosquitto,
  TcpProxy,
  temporaryDirectory,
  type Kafka as KafkaServer,
  type Mosquitto,
} from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface StoredRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

/** A bridge as a process. */
export interface RunningBridge {
  readonly process: ServerProcess;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
  ready(): Promise<boolean>;
}

export class World {
  readonly mosquitto: Mosquitto;
  readonly broker: KafkaServer;
  readonly proxy: TcpProxy;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #bridges: ServerProcess[] = [];
  readonly #consumers: Consumer[] = [];

  private constructor(mosquitto: Mosquitto, broker: KafkaServer, proxy: TcpProxy) {
    this.mosquitto = mosquitto;
    this.broker = broker;
    this.proxy = proxy;
    this.kafka = kafkaClient({ brokers: [broker.address], clientId: "test", log: silentLogger });
    this.admin = this.kafka.admin({ retry: { retries: 100, maxRetryTime: 1000 } });
  }

  static async start(): Promise<World> {
    const [mosquitto, broker] = await Promise.all([startMosquitto(), startKafka()]);
    const world = new World(mosquitto, broker, await TcpProxy.start(mosquitto.port));
    await world.admin.connect();
    await ensureTopics(world.admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
    return world;
  }

  /** Starts a bridge that talks to Mosquitto through the proxy, if told so, and waits until it delivers. */
  async bridge(environment: Readonly<Record<string, string>> = {}, port = this.mosquitto.port): Promise<RunningBridge> {
    const opsPort = await freePort();
    const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${opsPort}${path}`);
    const server = await ServerProcess.start({
      name: "bridge",
      command: process.execPath,
      args: [MAIN],
      directory: temporaryDirectory("bridge"),
      isTemporary: true,
      environment: {
        MQTT_URL: `mqtt://127.0.0.1:${port}`,
        MQTT_CLIENT_ID: "bridge-0",
        KAFKA_BROKERS: this.broker.address,
        OPS_PORT: String(opsPort),
        ...environment,
      },
      isReady: (log) => log.includes("connected to the MQTT broker"),
      readyTimeoutMs: 60_000,
    });
    this.#bridges.push(server);
    return {
      process: server,
      ready: async () => (await get("/readyz")).ok,
      metric: async (name) => {
        const text = await (await get("/metrics")).text();
        const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
        if (value === undefined) throw new Error(`no metric ${name}`);
        return Number(value);
      },
    };
  }

  /** Everything in a topic, in the order of each partition; goes on growing. */
  async read(topic: string): Promise<StoredRecord[]> {
    const seen: StoredRecord[] = [];
    const consumer = this.kafka.consumer({ groupId: `r-${randomUUID()}`, maxWaitTimeInMs: 50 });
    this.#consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch: { partition, messages } }) => {
        for (const { key, value } of messages) seen.push({ partition, key: key!.toString(), value: value!.toString() });
        return Promise.resolve();
      },
    });
    return seen;
  }

  /** Waits until `seen` holds everything that is in the topic now. */
  async readToEnd(topic: string, seen: readonly StoredRecord[]): Promise<void> {
    const ends = await this.admin.fetchTopicOffsets(topic);
    const count = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    await eventually(
      `all ${count} of ${topic}`,
      () => seen.length,
      (length) => length >= count,
      { timeoutMs: 30_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bridges.map((bridge) => bridge.kill()));
    await Promise.all(this.#consumers.map((consumer) => consumer.disconnect()));
    await this.admin.disconnect();
    await this.proxy[Symbol.asyncDispose]();
    await Promise.all([this.mosquitto.server[Symbol.asyncDispose](), this.broker.server[Symbol.asyncDispose]()]);
  }
}

export const TENANT = "house";
export const LOCATION = "berlin";

/** A valid payload; about 200 bytes. */
export function reading(sensorId: string, bootId: string, seq: number, eventTimeMs: number): Buffer {
  const fields = { v: 1, sensor_id: sensorId, boot_id: bootId, seq, event_time: eventTimeMs, location: LOCATION };
  return Buffer.from(JSON.stringify({ ...fields, lat: 52.52, lon: 13.405, temperature_c: 21.5, humidity_pct: 40.5 }));
}

export function topicOf(sensorId: string): string {
  return telemetryTopic({ tenant: TENANT, location: LOCATION, sensorId });
}

export function keyOf(sensorId: string): string {
  return recordKey({ tenant: TENANT, sensorId });
}
