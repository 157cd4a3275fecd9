/**
 * Rows per CPU-second of the writer's process, exactly once, into the embedded BigQuery; and of a naive writer beside it.
 * `npx node services/bq-writer/bench/bench.ts [rounds] [node flags for the writers]`
 *
 * CPU time is user and system time of the whole process, from the moment when its ops server answers to the last stored
 * row: so with joining the group, compiling, and whatever it holds in memory. Kafka and BigQuery are processes of their
 * own and share the machine.
 */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bigQueryNames, kafkaTopics, recordKey } from "#events";
import { ConfirmedProducer, ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, ServerProcess, startKafka, temporaryDirectory, type Figure, type Kafka } from "#testkit";
import { startBigQueryProcess, type BigQueryProcess } from "../../../local/bigquery/test/server-process.ts";

interface Variant {
  readonly name: string;
  readonly program: string;
  /** Rows that are measured. */
  readonly rows: number;
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const WRITER: Variant = { name: "exactly once", program: program("../main.ts"), rows: 600_000 };
const NAIVE: Variant = { name: "naive insertAll", program: program("naive-writer.ts"), rows: 40_000 };
const SENSORS = 200;
const PACED = { sendsPerSecond: 50, readings: 10, warmUpSeconds: 5, seconds: 20 };

interface Sample {
  readonly rows: number;
  readonly cpuSeconds: number;
  readonly wallMs: number;
  readonly rssMiB: number;
}

export interface Rate {
  readonly rowsPerCpuSecond: number;
  readonly rowsPerSecond: number;
  readonly rssMiB: number;
}

/** Measures both writers, `rounds` times each; `say` is told what is going on. */
export async function benchWriter(say: (line: string) => void, rounds = 3, flags: string[] = []): Promise<Figure[]> {
  const directory = temporaryDirectory("writer-bench");
  const [broker, bigQuery] = await Promise.all([startKafka(), startBigQueryProcess(`${directory}/bigquery`)]);
  try {
    await prepareTopics(broker);
    const latency = await pacedLatency({ broker, bigQuery, rounds, flags, say });
    await fill(broker, WRITER.rows);
    const exact = await rates(WRITER, { broker, bigQuery, rounds, flags, say });
    const naive = await rates(NAIVE, { broker, bigQuery, rounds, flags, say });
    const ratio = exact.rowsPerCpuSecond / naive.rowsPerCpuSecond;
    return [
      {
        name: "rows per CPU-second, exactly once",
        value: exact.rowsPerCpuSecond,
        unit: "rows/s",
        must: "≥ 40000, aim 80000",
      },
      { name: "the same, wall clock", value: exact.rowsPerSecond, unit: "rows/s", must: "" },
      { name: "rows per CPU-second, naive insertAll", value: naive.rowsPerCpuSecond, unit: "rows/s", must: "" },
      { name: "exactly once : naive", value: ratio, unit: "times", must: "" },
      { name: "memory while draining", value: exact.rssMiB, unit: "MiB", must: "" },
      ...latency,
    ];
  } finally {
    await bigQuery.process.stop();
    await broker.server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Run {
  readonly broker: Kafka;
  readonly bigQuery: BigQueryProcess;
  readonly rounds: number;
  readonly flags: readonly string[];
  readonly say: (line: string) => void;
}

/** The median of several rounds, each in a group of its own. */
async function rates(variant: Variant, run: Run): Promise<Rate> {
  const seen: Rate[] = [];
  for (let round = 1; round <= run.rounds; round += 1) {
    const rate = await drain(variant, run, round);
    run.say(
      `${variant.name} ${round}: ${rate.rowsPerCpuSecond.toFixed(0)} rows per CPU-second, ${rate.rowsPerSecond.toFixed(0)} per second, ${rate.rssMiB.toFixed(0)} MiB`,
    );
    seen.push(rate);
  }
  return seen.toSorted((a, b) => a.rowsPerCpuSecond - b.rowsPerCpuSecond)[seen.length >> 1]!;
}

async function drain(variant: Variant, run: Run, round: number): Promise<Rate> {
  // A dataset and group for each round: another group would find that its rows are there already.
  const dataset = `${bigQueryNames.dataset}_${variant === WRITER ? "exact" : "naive"}_${round}`;
  const { writer, port } = await start(variant, run, dataset);
  const first = await sample(port);
  const last = await eventually(
    "all rows",
    () => sample(port),
    ({ rows }) => rows >= variant.rows,
    { timeoutMs: 300_000, intervalMs: 200 },
  );
  await writer.stop();
  return {
    rowsPerCpuSecond: last.rows / (last.cpuSeconds - first.cpuSeconds),
    rowsPerSecond: (last.rows * 1000) / (last.wallMs - first.wallMs),
    rssMiB: last.rssMiB,
  };
}

async function start(
  variant: Variant,
  { broker, bigQuery, flags }: Run,
  dataset: string,
): Promise<{ writer: ServerProcess; port: number }> {
  const port = await freePort();
  const writer = await ServerProcess.start({
    name: "writer",
    command: process.execPath,
    args: [...flags, variant.program],
    directory: flags.length > 0 ? process.cwd() : temporaryDirectory("bench"),
    isTemporary: flags.length === 0,
    environment: {
      KAFKA_BROKERS: broker.address,
      KAFKA_GROUP: dataset,
      BIGQUERY_PROJECT: "p",
      BIGQUERY_DATASET: dataset,
      BIGQUERY_REST_ENDPOINT: `http://127.0.0.1:${bigQuery.restPort}`,
      BIGQUERY_GRPC_ENDPOINT: `127.0.0.1:${bigQuery.grpcPort}`,
      CREATE_TABLES: "true",
      OPS_PORT: String(port),
    },
    isReady: (log) => log.includes("serving probes and metrics"),
  });
  return { writer, port };
}

/**
 * From event_time, stamped just before the send to Kafka, to BigQuery's confirmation, with readings coming in evenly; after
 * some seconds in which the group is joined and the streams are made.
 */
async function pacedLatency(run: Run): Promise<Figure[]> {
  const { writer, port } = await start(WRITER, run, `${bigQueryNames.dataset}_paced`);
  const producer = producerOf(run.broker);
  let produced = 0;
  const produce = async (seconds: number): Promise<string> => {
    for (let send = 0; send < PACED.sendsPerSecond * seconds; send += 1) {
      const messages = Array.from({ length: PACED.readings }, () => message((produced += 1)));
      await producer.send([{ topic: kafkaTopics.readings.name, messages }]);
      await systemClock.sleep(1000 / PACED.sendsPerSecond);
    }
    await eventually(
      "all rows",
      () => sample(port),
      ({ rows }) => rows >= produced,
      { timeoutMs: 60_000 },
    );
    return metricsOf(port);
  };
  const before = await produce(PACED.warmUpSeconds);
  const after = await produce(PACED.seconds);
  await producer.close();
  await writer.stop();
  const quantile = (share: number): number =>
    histogramQuantile(before, after, "writer_event_to_stored_seconds", share) * 1000;
  return [
    { name: "event to stored, 500 readings/s, p50 below", value: quantile(0.5), unit: "ms", must: "< 250" },
    { name: "the same, p99 below", value: quantile(0.99), unit: "ms", must: "" },
  ];
}

/** The upper end of the bucket in which the quantile of what came between two scrapes lies. */
function histogramQuantile(before: string, after: string, name: string, share: number): number {
  const line = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, "gm");
  const counts = (text: string): [string, number][] =>
    [...text.matchAll(line)].map(([, end = "", count]) => [end, Number(count)]);
  const earlier = new Map(counts(before));
  const buckets = counts(after).map(([end, count]) => [Number(end), count - (earlier.get(end) ?? 0)] as const);
  const total = buckets.at(-1)?.[1] ?? 0;
  return buckets.find(([, count]) => count >= share * total)?.[0] ?? NaN;
}

async function metricsOf(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

async function sample(port: number): Promise<Sample> {
  const text = await metricsOf(port);
  const read = (metric: string): number => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
  return {
    rows: read("writer_rows_stored_total") || 0,
    cpuSeconds: read("process_cpu_seconds_total"),
    wallMs: systemClock.monotonicMs(),
    rssMiB: read("process_resident_memory_bytes") / 1024 ** 2,
  };
}

async function prepareTopics(broker: Kafka): Promise<void> {
  const admin = kafkaClient({ brokers: [broker.address], clientId: "bench", log: silentLogger }).admin();
  await admin.connect();
  await ensureTopics(admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
  await admin.disconnect();
}

function producerOf(broker: Kafka): ConfirmedProducer {
  const client = { brokers: [broker.address], clientId: "bench", log: silentLogger };
  return new ConfirmedProducer({ client, topics: [kafkaTopics.readings], clock: systemClock });
}

/** Readings of about 200 bytes, spread over the partitions. */
async function fill(broker: Kafka, count: number): Promise<void> {
  const producer = producerOf(broker);
  for (let from = 0; from < count; from += 2000) {
    const messages = Array.from({ length: Math.min(2000, count - from) }, (_, index) => message(from + index));
    await producer.send([{ topic: kafkaTopics.readings.name, messages }]);
  }
  await producer.close();
}

function message(number: number): { key: string; value: string } {
  const sensorId = `sensor-${number % SENSORS}`;
  const value = {
    v: 1,
    sensor_id: sensorId,
    boot_id: "3f2a9c1b5d7e4f60",
    seq: Math.floor(number / SENSORS),
    event_time: systemClock.nowMs(),
    location: "berlin-mitte",
    lat: 52.5201,
    lon: 13.4049,
    temperature_c: 20 + (number % 100) / 10,
    humidity_pct: 40 + (number % 50) / 10,
    battery_pct: 87.5,
  };
  return { key: recordKey({ tenant: "house", sensorId }), value: JSON.stringify(value) };
}

if (import.meta.main) {
  const [rounds = "3", ...flags] = process.argv.slice(2);
  const figures = await benchWriter((line) => console.log(line), Number(rounds), flags);
  for (const { name, value, unit } of figures)
    console.log(`${name.padEnd(40)} ${value.toFixed(1).padStart(10)} ${unit}`);
}
