/** What the writer's tests share: Kafka, the embedded BigQuery, the writer as a process, and the comparison of both ends. */
import { fileURLToPath } from "node:url";
import type { BigQuery } from "@google-cloud/bigquery";
import type { Admin } from "kafkajs";
import { bigQueryClients, sqlName, type BigQueryClients } from "#bigquery";
import {
  bigQueryNames,
  decodeDeadLetter,
  kafkaGroups,
  kafkaTopics,
  recordKey,
  revalidateReading,
  type DeadLetter,
} from "#events";
import {
  ConfirmedProducer,
  ensureTopics,
  kafkaClient,
  readLag,
  readTopic,
  type Kafka,
  type ProducedRecord,
} from "#kafka";
import { EmbeddedBigQuery } from "#local/bigquery";
import { silentLogger, systemClock } from "#runtime";
import {
  eventually,
  freePort,
  ServerProcess,
  startKafka,
  temporaryDirectory,
  type Kafka as KafkaServer,
} from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const PROJECT = "p";
export const GROUP = kafkaGroups.writer;
const TENANT = "house";
/** Where the writers' logs are to stay after the test. */
const KEPT_LOGS = process.env.WRITER_LOGS;

export interface RunningWriter {
  readonly process: ServerProcess;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

export interface WriterStart {
  readonly name?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the program itself. */
  readonly program?: string;
  readonly args?: readonly string[];
  /** What its log must say before it counts as started. */
  readonly ready?: string;
}

/** A record that is in Kafka. */
export interface KafkaRecord {
  readonly partition: number;
  readonly offset: number;
  readonly isValid: boolean;
}

/** Both ends compared, record by record. Names are `partition/offset`. */
export interface Audit {
  readonly valid: number;
  readonly rows: number;
  readonly missing: readonly string[];
  readonly repeated: readonly string[];
  /** Rows without a valid record. */
  readonly unexpected: readonly string[];
  /** Invalid records without a dead letter. */
  readonly unburied: readonly string[];
}

export class World {
  readonly broker: KafkaServer;
  readonly bigQuery: EmbeddedBigQuery;
  readonly clients: BigQueryClients;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #producer: ConfirmedProducer;
  readonly #writers: ServerProcess[] = [];
  readonly #ownsBigQuery: boolean;
  #produced = 0;
  #sending: Promise<unknown> = Promise.resolve();

  private constructor(broker: KafkaServer, bigQuery: EmbeddedBigQuery, ownsBigQuery: boolean) {
    this.broker = broker;
    this.#ownsBigQuery = ownsBigQuery;
    this.bigQuery = bigQuery;
    this.clients = bigQueryClients({
      project: PROJECT,
      restEndpoint: bigQuery.restUrl,
      grpcEndpoint: `127.0.0.1:${bigQuery.grpcPort}`,
    });
    const client = { brokers: [broker.address], clientId: "test", log: silentLogger };
    this.kafka = kafkaClient(client);
    this.admin = this.kafka.admin({ retry: { retries: 100, maxRetryTime: 1000 } });
    this.#producer = new ConfirmedProducer({ client, topics: [kafkaTopics.readings], clock: systemClock });
  }

  /**
   * With a broker of its own, on a port that is free or given; `bigQuery` is one that is there already, and goes on when
   * this world ends.
   */
  static async start(bigQuery?: EmbeddedBigQuery, kafkaPort?: number): Promise<World> {
    const dataDir = temporaryDirectory("writer-bigquery");
    const [broker, own] = await Promise.all([
      startKafka(kafkaPort === undefined ? {} : { port: kafkaPort }),
      bigQuery ?? EmbeddedBigQuery.start({ dataDir, commitIntervalMs: 5 }),
    ]);
    const world = new World(broker, own, bigQuery === undefined);
    await world.admin.connect();
    await ensureTopics(world.admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
    return world;
  }

  get rest(): BigQuery {
    return this.clients.rest;
  }

  environment(name: string): Record<string, string> {
    return {
      KAFKA_BROKERS: this.broker.address,
      KAFKA_SESSION_TIMEOUT: "2s",
      MEMBER_NAME: name,
      BIGQUERY_PROJECT: PROJECT,
      BIGQUERY_REST_ENDPOINT: this.bigQuery.restUrl,
      BIGQUERY_GRPC_ENDPOINT: `127.0.0.1:${this.bigQuery.grpcPort}`,
      CREATE_TABLES: "true",
      COMMIT_INTERVAL: "200ms",
    };
  }

  async writer({
    name = "writer-0",
    environment = {},
    program = MAIN,
    args = [],
    ready,
  }: WriterStart = {}): Promise<RunningWriter> {
    const opsPort = await freePort();
    const server = await ServerProcess.start({
      name,
      command: process.execPath,
      args: [program, ...args],
      directory: KEPT_LOGS ?? temporaryDirectory("bq-writer"),
      isTemporary: KEPT_LOGS === undefined,
      environment: { ...this.environment(name), OPS_PORT: String(opsPort), ...environment },
      isReady: (log) => log.includes(ready ?? '"message":"started"'),
      readyTimeoutMs: 60_000,
    });
    this.#writers.push(server);
    return {
      process: server,
      metric: async (metric) => {
        const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
        const value = new RegExp(`^${metric} (\\S+)$`, "m").exec(text)?.[1];
        if (value === undefined) throw new Error(`no metric ${metric}`);
        return Number(value);
      },
    };
  }

  /** Appends readings of many sensors; every `invalidEvery`-th is not valid. */
  async produce(count: number, { invalidEvery = Infinity }: { invalidEvery?: number } = {}): Promise<void> {
    const messages = Array.from({ length: count }, (): ProducedRecord => {
      const number = (this.#produced += 1);
      const sensorId = `sensor-${number % 97}`;
      const value = number % invalidEvery === 0 ? "{}" : reading(sensorId, number, systemClock.nowMs());
      return { key: recordKey({ tenant: TENANT, sensorId }), value };
    });
    await this.#enqueue(messages);
  }

  /** Valid readings that the fixture turns into rows which BigQuery rejects, side by side in one partition. */
  async producePoison(count: number): Promise<void> {
    const key = recordKey({ tenant: TENANT, sensorId: "sensor-1" });
    const messages = Array.from({ length: count }, (): ProducedRecord => {
      const value = reading("sensor-1", (this.#produced += 1), systemClock.nowMs(), { note: "poison" });
      return { key, value };
    });
    await this.#enqueue(messages);
  }

  /** Produces a few records every few milliseconds until the result is called. */
  produceInBackground(options: { invalidEvery?: number; count?: number; everyMs?: number } = {}): () => Promise<void> {
    const state = { isDone: false };
    const loop = (async () => {
      while (!state.isDone) {
        await this.produce(options.count ?? 40, options);
        await systemClock.sleep(options.everyMs ?? 20);
      }
    })();
    return () => {
      state.isDone = true;
      return loop;
    };
  }

  /** The producer takes one send at a time. */
  #enqueue(messages: ProducedRecord[]): Promise<void> {
    const sending = this.#sending.then(() => this.#producer.send([{ topic: kafkaTopics.readings.name, messages }]));
    this.#sending = sending.catch(() => undefined);
    return sending;
  }

  async lag(): Promise<bigint> {
    const partitions = await readLag(this.admin, GROUP, kafkaTopics.readings.name);
    return partitions.reduce((sum, { lag }) => sum + lag, 0n);
  }

  async untilWritten(timeoutMs = 60_000): Promise<void> {
    await eventually(
      "no lag",
      () => this.lag(),
      (lag) => lag === 0n,
      { timeoutMs, intervalMs: 200 },
    );
  }

  /** What the group has committed, by partition; -1 where it has not. */
  async committed(): Promise<Map<number, number>> {
    const [group] = await this.admin.fetchOffsets({ groupId: GROUP, topics: [kafkaTopics.readings.name] });
    return new Map(group!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** Valid records before the committed offset that have no row: there must never be one. */
  async passedUnwritten(): Promise<string[]> {
    const committed = await this.committed();
    const [rows, records] = await Promise.all([this.rows(), this.records()]);
    const names = new Set(rows.map(nameOf));
    const passed = records.filter(({ partition, offset }) => offset < (committed.get(partition) ?? -1));
    return passed.filter((record) => record.isValid && !names.has(nameOf(record))).map(nameOf);
  }

  async rows(): Promise<{ partition: number; offset: number; source: string }[]> {
    const table = sqlName({ project: PROJECT, dataset: bigQueryNames.dataset, table: bigQueryNames.events });
    const query = `SELECT kafka_partition AS \`partition\`, kafka_offset AS \`offset\`, kafka_source AS source FROM ${table}`;
    // A test may have broken REST for the writer, and so for itself.
    const rows = await eventually(
      "an answer",
      async () => (await this.rest.query(query))[0] as unknown[],
      () => true,
      { timeoutMs: 20_000 },
    );
    return rows as { partition: number; offset: number; source: string }[];
  }

  async audit(): Promise<Audit> {
    const source = `${(await this.admin.describeCluster()).clusterId}/${kafkaTopics.readings.name}`;
    const [records, rows, letters] = await Promise.all([this.records(), this.rows(), this.deadLetters()]);
    const counts = new Map<string, number>();
    for (const row of rows) {
      if (row.source !== source) continue;
      counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
    }
    const valid = records.filter(({ isValid }) => isValid).map(nameOf);
    const validNames = new Set(valid);
    const buried = new Set(letters.map(({ id }) => id));
    return {
      valid: valid.length,
      rows: [...counts.values()].reduce((sum, count) => sum + count, 0),
      missing: valid.filter((name) => !counts.has(name)),
      repeated: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
      unexpected: [...counts.keys()].filter((name) => !validNames.has(name)),
      unburied: records
        .filter(({ isValid }) => !isValid)
        .map(nameOf)
        .filter((name) => !buried.has(`kafka/${source}/${name}`)),
    };
  }

  /** Every record of `readings`, judged by today's validator. */
  async records(): Promise<KafkaRecord[]> {
    const records: KafkaRecord[] = [];
    await readTopic({
      kafka: this.kafka,
      topic: kafkaTopics.readings.name,
      clock: systemClock,
      onRecord: ({ partition, message: { offset, key, value, timestamp } }) => {
        const { ok } = revalidateReading(value, key?.toString(), Number(timestamp));
        records.push({ partition, offset: Number(offset), isValid: ok });
      },
    });
    return records;
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    await readTopic({
      kafka: this.kafka,
      topic: kafkaTopics.deadLetters.name,
      clock: systemClock,
      onRecord: ({ message: { value } }) => {
        const letter = decodeDeadLetter(value ?? new Uint8Array());
        if (letter === undefined) throw new Error("not a dead letter");
        letters.push(letter);
      },
    });
    return letters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.kill()));
    await this.#producer.close();
    await this.admin.disconnect();
    await this.clients.close();
    if (this.#ownsBigQuery) await this.bigQuery.stop();
    await this.broker.server[Symbol.asyncDispose]();
  }
}

function nameOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}/${offset}`;
}

/** A valid payload; about 200 bytes. */
export function reading(sensorId: string, seq: number, eventTimeMs: number, more: object = {}): string {
  const fields = { v: 1, sensor_id: sensorId, boot_id: "boot-1", seq, event_time: eventTimeMs, location: "berlin" };
  const values = { lat: 52.52, lon: 13.405, temperature_c: 21.5, humidity_pct: 40.5 };
  return JSON.stringify({ ...fields, ...values, ...more });
}
