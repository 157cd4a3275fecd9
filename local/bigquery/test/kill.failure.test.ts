import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TableField } from "@google-cloud/bigquery";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localClient } from "../rest/test/client.ts";
import { Appender } from "./appender.ts";
import { type BigQueryProcess, startBigQueryProcess } from "./server-process.ts";
import { localWriter } from "./target.ts";

const STREAMS = 12;
const KILLS = 50;
const ROWS_PER_APPEND = 20;
const IN_FLIGHT = 4;
const COLUMNS: TableField[] = [
  { name: "stream", type: "INTEGER", mode: "REQUIRED" },
  { name: "n", type: "INTEGER", mode: "REQUIRED" },
  { name: "text", type: "STRING" },
];

/** What a client knows of its stream: `acknowledged` rows were answered for. */
interface StreamLedger {
  readonly index: number;
  streamId: string;
  acknowledged: number;
}

let dataDir: string;
let server: BigQueryProcess;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "embedded-bigquery-kill-"));
  server = await startBigQueryProcess(dataDir);
  const [dataset] = await localClient(server.restPort, "p").createDataset("d");
  await dataset.createTable("t", { schema: { fields: COLUMNS } });
});
afterAll(async () => {
  await server.process.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Appends to all streams until the server is killed, some appends into the work. */
async function appendUntilKilled(ledgers: readonly StreamLedger[], afterAcknowledgements: number): Promise<void> {
  const writer = localWriter(server.grpcPort);
  let left = afterAcknowledgements;
  let killed = false;
  const onAcknowledged = (): void => {
    if (--left === 0) {
      killed = true;
      void server.process.kill();
    }
  };
  await Promise.all(ledgers.map((ledger) => appendToStream(writer, ledger, () => killed, onAcknowledged)));
  await server.process.exited;
  writer.close();
}

async function appendToStream(
  writer: ReturnType<typeof localWriter>,
  ledger: StreamLedger,
  isKilled: () => boolean,
  onAcknowledged: () => void,
): Promise<void> {
  const stream =
    ledger.streamId === "" ? { newStreamOf: "projects/p/datasets/d/tables/t" } : { streamId: ledger.streamId };
  const appender = await Appender.open(writer, stream, COLUMNS);
  ledger.streamId = appender.streamId;
  let next = ledger.acknowledged;
  const appendNext = async (): Promise<void> => {
    while (!isKilled()) {
      const offset = next;
      next += ROWS_PER_APPEND;
      const rows = Array.from({ length: ROWS_PER_APPEND }, (_, i) => ({
        stream: ledger.index,
        n: offset + i,
        text: `row ${offset + i}`,
      }));
      const reply = await appender.append(rows, offset);
      if (!reply.stored) return;
      ledger.acknowledged = Math.max(ledger.acknowledged, offset + ROWS_PER_APPEND);
      onAcknowledged();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, appendNext));
  appender.close();
}

interface Stored {
  readonly rows: number;
  readonly distinctRows: number;
  readonly last: number;
}

async function storedByStream(): Promise<Map<number, Stored>> {
  const sql =
    "SELECT stream, COUNT(*) AS total, COUNT(DISTINCT n) AS distinct_rows, MAX(n) AS last FROM d.t GROUP BY stream";
  const [rows] = await localClient(server.restPort, "p").query(sql);
  return new Map(
    (rows as Record<string, number>[]).map((row) => [
      row.stream!,
      { rows: row.total!, distinctRows: row.distinct_rows!, last: row.last! },
    ]),
  );
}

/** The stream's end must be where its rows end: an append there is stored, one before it is known already. */
async function expectStreamToEndAt(ledger: StreamLedger, rows: number): Promise<void> {
  const writer = localWriter(server.grpcPort);
  const appender = await Appender.open(writer, { streamId: ledger.streamId }, COLUMNS);
  if (rows > 0)
    expect(await appender.append([{ stream: ledger.index, n: rows - 1 }], rows - 1)).toMatchObject({ code: 6 });
  expect(await appender.append([{ stream: ledger.index, n: rows }], rows)).toMatchObject({
    stored: true,
    offset: rows,
  });
  ledger.acknowledged = rows + 1;
  appender.close();
  writer.close();
}

describe("kill -9", () => {
  it(`${KILLS} times under ${STREAMS} parallel streams: acknowledged rows are there once, and the streams know it`, async () => {
    const ledgers = Array.from({ length: STREAMS }, (_, index): StreamLedger => ({
      index,
      streamId: "",
      acknowledged: 0,
    }));
    for (let kill = 0; kill < KILLS; kill++) {
      // From the middle of the first transaction to some dozens later.
      await appendUntilKilled(ledgers, 1 + ((kill * 37) % 190));
      server = await server.restart();
      const stored = await storedByStream();
      for (const ledger of ledgers) {
        const { rows, distinctRows, last } = stored.get(ledger.index) ?? { rows: 0, distinctRows: 0, last: -1 };
        expect(rows).toBeGreaterThanOrEqual(ledger.acknowledged);
        expect({ distinctRows, last }).toEqual({ distinctRows: rows, last: rows - 1 });
        await expectStreamToEndAt(ledger, rows);
      }
    }
    const writer = localWriter(server.grpcPort);
    for (const ledger of ledgers) {
      const { connection } = await Appender.open(writer, { streamId: ledger.streamId }, COLUMNS);
      expect(Number((await connection.finalize())?.rowCount)).toBe(ledger.acknowledged);
    }
    writer.close();
  });
});
