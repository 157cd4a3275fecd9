import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TableField } from "@google-cloud/bigquery";
import { ManualClock } from "#runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localClient } from "../rest/test/client.ts";
import { EmbeddedBigQuery } from "../server.ts";
import { Appender } from "./appender.ts";
import { localWriter } from "./target.ts";

const COLUMNS: TableField[] = [
  { name: "id", type: "INTEGER", mode: "REQUIRED" },
  { name: "at", type: "TIMESTAMP" },
];
const TABLE = "projects/p/datasets/d/tables/t";
const DAY_MS = 86_400_000;

let dataDir: string;
let running: EmbeddedBigQuery | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "embedded-bigquery-restart-"));
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(options: { clock?: ManualClock } = {}): Promise<EmbeddedBigQuery> {
  await running?.stop();
  running = await EmbeddedBigQuery.start({ dataDir, commitIntervalMs: 0, ...options });
  return running;
}

async function ids(server: EmbeddedBigQuery): Promise<number[]> {
  const [rows] = await localClient(server.restPort, "p").query("SELECT id FROM d.t ORDER BY id");
  return (rows as { id: number }[]).map((row) => row.id);
}

describe("what a restart keeps", () => {
  it("tables, views, rows, streams, their offsets and their ends", async () => {
    let server = await start();
    const [dataset] = await localClient(server.restPort, "p").createDataset("d");
    await dataset.createTable("t", { schema: { fields: COLUMNS }, description: "kept" });
    await dataset.createTable("v", { view: { query: "SELECT id + 1 AS next FROM d.t", useLegacySql: false } });
    const first = await Appender.open(localWriter(server.grpcPort), { newStreamOf: TABLE }, COLUMNS);
    const finalized = await Appender.open(localWriter(server.grpcPort), { newStreamOf: TABLE }, COLUMNS);
    await first.append([{ id: 1 }, { id: 2 }], 0);
    await finalized.append([{ id: 3 }], 0);
    await finalized.connection.finalize();

    server = await start();
    const client = localClient(server.restPort, "p");
    expect(await ids(server)).toEqual([1, 2, 3]);
    const [metadata] = (await client.dataset("d").table("t").getMetadata()) as unknown as [{ description: string }];
    expect(metadata.description).toBe("kept");
    expect((await client.query("SELECT MAX(next) AS m FROM d.v"))[0]).toEqual([{ m: 4 }]);
    const again = await Appender.open(localWriter(server.grpcPort), { streamId: first.streamId }, COLUMNS);
    expect(await again.append([{ id: 2 }], 1)).toMatchObject({ code: 6 });
    expect(await again.append([{ id: 4 }], 2)).toMatchObject({ stored: true, offset: 2 });
    const ended = await Appender.open(localWriter(server.grpcPort), { streamId: finalized.streamId }, COLUMNS);
    expect(await ended.append([{ id: 5 }], 1)).toMatchObject({ code: 9 });
    expect(Number((await ended.connection.finalize())?.rowCount)).toBe(1);
  });

  it("a second process cannot open the same directory", async () => {
    await start();
    const { startBigQueryProcess } = await import("./server-process.ts");
    const second = startBigQueryProcess(dataDir).catch((error: unknown) => (error as Error).message);
    expect(await second).toMatch(
      /exited \(1\):\n[^]*^embedded-bigquery: --data-dir .*: process \d+ uses it; stop that/m,
    );
    expect(await second).not.toContain("stack");
  });

  it("nor can this process, a second time", async () => {
    await start();
    await expect(EmbeddedBigQuery.start({ dataDir })).rejects.toThrow(/--data-dir .*: this process uses it already/);
  });
});

describe("what is refused at the start", () => {
  it("listening beyond loopback without a token", async () => {
    await expect(EmbeddedBigQuery.start({ dataDir, host: "0.0.0.0" })).rejects.toThrow(/bearerToken is required/);
  });

  it("a port that is taken, and nothing stays open", async () => {
    const server = await start();
    const other = join(dataDir, "other");
    const { restPort, grpcPort } = server;
    await expect(EmbeddedBigQuery.start({ dataDir: other, restPort })).rejects.toThrow(
      `--rest-port ${restPort}: another process listens there`,
    );
    await expect(EmbeddedBigQuery.start({ dataDir: other, grpcPort })).rejects.toThrow(
      `--grpc-port ${grpcPort}: another process listens there`,
    );
    const opened = await EmbeddedBigQuery.start({ dataDir: other });
    await opened.stop();
  });
});

describe("a data directory that cannot be used", () => {
  it("because it is a file", async () => {
    const file = join(dataDir, "file");
    writeFileSync(file, "");
    await expect(EmbeddedBigQuery.start({ dataDir: file })).rejects.toThrow(`--data-dir ${file}: it is a file`);
  });

  it("because what is there is no database of ours, which is left as it is", async () => {
    const path = join(dataDir, "bigquery.duckdb");
    writeFileSync(path, "something else");
    await expect(EmbeddedBigQuery.start({ dataDir })).rejects.toThrow(/was not written by this version/);
    expect(readFileSync(path, "utf8")).toBe("something else");
  });
});

describe("a bearer token", () => {
  it("is asked for by REST and by gRPC", async () => {
    running = await EmbeddedBigQuery.start({ dataDir, bearerToken: "open sesame" });
    const url = `${running.restUrl}/bigquery/v2/projects/p/datasets`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer open sesame" } })).status).toBe(200);
    const opened = Appender.open(localWriter(running.grpcPort), { newStreamOf: TABLE }, COLUMNS);
    await expect(opened).rejects.toThrow(/16 UNAUTHENTICATED/);
  });
});

describe("expired partitions", () => {
  it("disappear from queries at their instant, and from the disk with the next sweep", async () => {
    const clock = new ManualClock(Date.parse("2026-11-22T12:00:00Z"));
    const server = await start({ clock });
    const [dataset] = await localClient(server.restPort, "p").createDataset("d");
    const timePartitioning = { type: "DAY", field: "at", expirationMs: String(2 * DAY_MS) };
    await dataset.createTable("t", { schema: { fields: COLUMNS }, timePartitioning });
    const appender = await Appender.open(localWriter(server.grpcPort), { newStreamOf: TABLE }, COLUMNS);
    const at = (text: string): string => String(BigInt(Date.parse(text)) * 1000n);
    await appender.append(
      [{ id: 1, at: at("2026-11-21T00:00:00Z") }, { id: 2, at: at("2026-11-22T00:00:00Z") }, { id: 3 }],
      0,
    );
    expect(await ids(server)).toEqual([1, 2, 3]);
    await clock.advance(Date.parse("2026-11-23T00:00:00Z") - clock.nowMs());
    expect(await ids(server)).toEqual([2, 3]);
    appender.close();
    // Ten minutes later at the latest; a restart with a clock from before shows that the row itself has gone.
    await clock.advance(600_000);
    const before = await start({ clock: new ManualClock(Date.parse("2026-11-22T12:00:00Z")) });
    expect(await ids(before)).toEqual([2, 3]);
  });
});
