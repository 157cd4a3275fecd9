import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readObjects } from "../database.ts";
import { Store } from "../store.ts";

const THREADS = 3;
const SETTING = "SELECT CAST(current_setting('external_threads') AS INTEGER) AS n";

let dataDir: string;
let store: Store;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "query-threads-"));
  store = await Store.open({ dataDir, memoryLimitMib: 64, threads: THREADS });
});

afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Threads that DuckDB leaves to its callers, as seen between queries. */
async function whenIdle(): Promise<unknown> {
  return store.writer.exclusive(async (connection) => (await readObjects(connection, SETTING))[0]?.n);
}

async function whileQuerying(during: () => Promise<void> = () => Promise.resolve()): Promise<unknown> {
  return store.query(SETTING, async (result) => {
    await during();
    return (await result.getRowObjectsJson())[0]?.n;
  });
}

describe("DuckDB's own threads", () => {
  it("are there for a query and gone after it", async () => {
    expect(await whenIdle()).toBe(THREADS);
    expect(await whileQuerying()).toBe(1);
    expect(await whenIdle()).toBe(THREADS);
  });

  it("stay until the last of several queries has ended", async () => {
    const inner = await store.query("SELECT 1", async () => {
      await whileQuerying();
      return whenIdle();
    });
    expect(inner).toBe(1);
    expect(await whenIdle()).toBe(THREADS);
  });

  it("are there for a query that starts while another one ends", async () => {
    const seen = await Promise.all(Array.from({ length: 30 }, () => whileQuerying()));
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(await whenIdle()).toBe(THREADS);
  });

  it("are gone after a query that failed", async () => {
    await expect(store.query("SELECT error('no')", (result) => result.getRowObjectsJson())).rejects.toThrow("no");
    await expect(store.query("SELECT 1", () => Promise.resolve(), AbortSignal.abort())).rejects.toThrow("abort");
    expect(await whenIdle()).toBe(THREADS);
  });

  it("are the one setting that can still be made", async () => {
    await expect(store.mutate("SET threads = 1")).rejects.toThrow("locked");
    await expect(store.mutate("SET allowed_configs = ['threads']")).rejects.toThrow("locked");
  });
});
