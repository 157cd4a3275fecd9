import type { TableField } from "@google-cloud/bigquery";
import { systemClock } from "#runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Appender } from "./appender.ts";
import { openEmbedded } from "./target.ts";

const STREAMS = 12;
const ROWS_PER_APPEND = 40;
const LOAD_MS = 60_000;
const COLUMNS: TableField[] = [
  { name: "stream", type: "INTEGER", mode: "REQUIRED" },
  { name: "n", type: "INTEGER", mode: "REQUIRED" },
  { name: "measured_at", type: "TIMESTAMP" },
  { name: "value", type: "FLOAT" },
];

/** What a dashboard asks for, again and again. */
const QUERIES = [
  "SELECT COUNT(*) AS n FROM d.t",
  "SELECT stream, COUNT(*) AS n, AVG(value) AS mean FROM d.t GROUP BY stream ORDER BY stream",
  "SELECT TIMESTAMP_TRUNC(measured_at, MINUTE) AS minute, MAX(value) AS top FROM d.t GROUP BY minute ORDER BY minute",
  "SELECT * FROM d.t WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY stream ORDER BY n DESC) = 1 ORDER BY stream",
];

let target: Awaited<ReturnType<typeof openEmbedded>>;
beforeAll(async () => {
  target = await openEmbedded();
  await target.client.dataset("d").createTable("t", { schema: { fields: COLUMNS } });
});
afterAll(async () => {
  await target.stop();
});

async function appendAll(stream: number, isOver: () => boolean): Promise<number> {
  const appender = await Appender.open(target.writer, { newStreamOf: "projects/p/datasets/d/tables/t" }, COLUMNS);
  let offset = 0;
  for (; !isOver(); offset += ROWS_PER_APPEND) {
    const measured_at = String(systemClock.nowMicros());
    const rows = Array.from({ length: ROWS_PER_APPEND }, (_, i) => ({
      stream,
      n: offset + i,
      measured_at,
      value: i / 8,
    }));
    expect(await appender.append(rows, offset)).toMatchObject({ stored: true, offset });
  }
  appender.close();
  return offset;
}

/** Runs a query over and over; answers how many came back. The count of rows must never go down. */
async function askAll(sql: string, isOver: () => boolean): Promise<number> {
  let answers = 0;
  let before = 0;
  while (!isOver()) {
    const [rows] = await target.client.query(sql);
    answers++;
    const total = (rows as { n?: number }[]).reduce((sum, row) => sum + (row.n ?? 0), 0);
    if (sql.includes("COUNT(*)")) expect(total).toBeGreaterThanOrEqual(before);
    before = total;
  }
  return answers;
}

describe("appends and queries at once", () => {
  it("for a minute: no error, nobody hangs, nobody starves, every row is there", async () => {
    const startMs = systemClock.monotonicMs();
    const isOver = (): boolean => systemClock.monotonicMs() - startMs > LOAD_MS;
    const [stored, answers] = await Promise.all([
      Promise.all(Array.from({ length: STREAMS }, (_, stream) => appendAll(stream, isOver))),
      Promise.all(QUERIES.map((sql) => askAll(sql, isOver))),
    ]);
    for (const rows of stored) expect(rows).toBeGreaterThan(100 * ROWS_PER_APPEND);
    for (const count of answers) expect(count).toBeGreaterThan(50);
    const [[row]] = await target.client.query(
      "SELECT COUNT(*) AS n, COUNT(DISTINCT stream * 100000000 + n) AS d FROM d.t",
    );
    const total = stored.reduce((sum, rows) => sum + rows, 0);
    expect(row).toEqual({ n: total, d: total });
  });
});
