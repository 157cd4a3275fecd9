import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#runtime";
import type { Figure } from "#testkit";
import { localClient } from "../rest/test/client.ts";
import { Appender } from "../test/appender.ts";
import { type BigQueryProcess, startBigQueryProcess } from "../test/server-process.ts";
import { localWriter } from "../test/target.ts";
import { cpuSeconds, residentMib } from "./process-usage.ts";
import { COLUMNS, QUERIES, reading, UNIQUE_VIEW } from "./readings.ts";

const TABLE = "projects/p/datasets/d/tables/t";
const QUERY_ROWS = 1_000_000;
const MEMORY_ROWS = 5_000_000;
const APPEND_ROWS = 500;
const IN_FLIGHT = 8;
const PACED = { appendsPerSecond: 50, rows: 40, seconds: 30 };
const QUERY_RUNS = 7;

/** Measures the embedded BigQuery as a process of its own; `say` is told what is going on. */
export async function benchBigQuery(say: (line: string) => void): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "embedded-bigquery-bench-"));
  const startedMs = systemClock.monotonicMs();
  const server = await startBigQueryProcess(dataDir);
  const readyMs = systemClock.monotonicMs() - startedMs;
  try {
    return [
      { name: "process start to ready", value: readyMs / 1000, unit: "s", must: "< 1" },
      ...(await figures(server, say)),
    ];
  } finally {
    await server.process.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function figures(server: BigQueryProcess, say: (line: string) => void): Promise<Figure[]> {
  const client = localClient(server.restPort, "p");
  const [dataset] = await client.createDataset("d");
  await dataset.createTable("t", { schema: { fields: COLUMNS } });
  await dataset.createTable("t_unique", { view: { query: UNIQUE_VIEW, useLegacySql: false } });
  const filler = await Filler.open(server);
  say("appending as fast as it takes them …");
  await filler.fill(100_000);
  const fast = await filler.measured(() => filler.fill(QUERY_ROWS));
  say(`asking ${QUERY_ROWS} rows …`);
  const queries: Figure[] = [];
  for (const { name, sql } of QUERIES)
    queries.push({ name, value: await medianMs(() => client.query(sql)), unit: "ms", must: MUST[name] ?? "" });
  say(`appending ${PACED.appendsPerSecond} times a second …`);
  const paced = await filler.paced();
  say(`filling up to ${MEMORY_ROWS} rows …`);
  await filler.fill(MEMORY_ROWS);
  return [
    {
      name: "rows per CPU-second, appends of 500 rows",
      value: fast.rows / fast.cpuSeconds,
      unit: "rows/s",
      must: "≥ 30000",
    },
    ...paced,
    ...queries,
    { name: "memory at 5 million rows", value: residentMib(server.process.pid), unit: "MiB", must: "< 400" },
  ];
}

const MUST: Readonly<Record<string, string>> = {
  "count of all rows": "< 20",
  "count of the de-duplicating view": "< 500",
  "24 h in 5-minute buckets, over 100 sensors": "< 100",
};

/** One stream, kept full or fed at a pace. */
class Filler {
  readonly #pid: number;
  readonly #appender: Appender;
  #rows = 0;

  static async open(server: BigQueryProcess): Promise<Filler> {
    const appender = await Appender.open(localWriter(server.grpcPort), { newStreamOf: TABLE }, COLUMNS);
    return new Filler(server.process.pid, appender);
  }

  private constructor(pid: number, appender: Appender) {
    this.#pid = pid;
    this.#appender = appender;
  }

  /** Appends until the table has `total` rows. */
  async fill(total: number): Promise<void> {
    const replies: Promise<void>[] = [];
    while (this.#rows < total) {
      replies.push(this.#append(APPEND_ROWS));
      if (replies.length >= IN_FLIGHT) await replies.shift();
    }
    await Promise.all(replies);
  }

  async measured(work: () => Promise<void>): Promise<{ rows: number; cpuSeconds: number }> {
    const before = { rows: this.#rows, cpu: cpuSeconds(this.#pid) };
    await work();
    return { rows: this.#rows - before.rows, cpuSeconds: cpuSeconds(this.#pid) - before.cpu };
  }

  async paced(): Promise<Figure[]> {
    const latenciesMs: number[] = [];
    const used = await this.measured(async () => {
      const startMs = systemClock.monotonicMs();
      const replies: Promise<unknown>[] = [];
      for (let i = 0; i < PACED.appendsPerSecond * PACED.seconds; i++) {
        const dueMs = startMs + (i * 1000) / PACED.appendsPerSecond;
        await systemClock.sleep(Math.max(0, dueMs - systemClock.monotonicMs()));
        const sentMs = systemClock.monotonicMs();
        replies.push(this.#append(PACED.rows).then(() => latenciesMs.push(systemClock.monotonicMs() - sentMs)));
      }
      await Promise.all(replies);
    });
    latenciesMs.sort((a, b) => a - b);
    const quantile = (q: number): number => latenciesMs[Math.floor(q * (latenciesMs.length - 1))] ?? NaN;
    return [
      {
        name: "cores at 50 appends/s of 40 rows",
        value: used.cpuSeconds / PACED.seconds,
        unit: "cores",
        must: "< 0.25",
      },
      { name: "the same: append to reply, p50", value: quantile(0.5), unit: "ms", must: "" },
      { name: "the same: append to reply, p99", value: quantile(0.99), unit: "ms", must: "< 50" },
    ];
  }

  async #append(count: number): Promise<void> {
    const offset = this.#rows;
    this.#rows += count;
    const rows = Array.from({ length: count }, (_, i) => reading(offset + i, QUERY_ROWS));
    const reply = await this.#appender.append(rows, offset);
    if (!reply.stored) throw new Error(`append at ${offset} was refused: ${reply.message}`);
  }
}

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < QUERY_RUNS; i++) {
    const startMs = systemClock.monotonicMs();
    await run();
    times.push(systemClock.monotonicMs() - startMs);
  }
  return times.sort((a, b) => a - b)[QUERY_RUNS >> 1] ?? NaN;
}
