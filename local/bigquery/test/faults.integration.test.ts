import type { TableField } from "@google-cloud/bigquery";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure } from "../rest/test/client.ts";
import { Appender } from "./appender.ts";
import { openEmbedded } from "./target.ts";

const COLUMNS: TableField[] = [{ name: "id", type: "INTEGER", mode: "REQUIRED" }];
const CODE = { NOT_FOUND: 5, ALREADY_EXISTS: 6, RESOURCE_EXHAUSTED: 8, UNAVAILABLE: 14 };

let target: Awaited<ReturnType<typeof openEmbedded>>;
let table: string;
let appender: Appender;
const one = [{ id: 1 }];

beforeAll(async () => {
  target = await openEmbedded();
});
afterAll(async () => {
  await target.stop();
});
beforeEach(async () => {
  table = target.freshTableId();
  await target.client.dataset("d").createTable(table, { schema: { fields: COLUMNS } });
  appender = await Appender.open(target.writer, { newStreamOf: `projects/p/datasets/d/tables/${table}` }, COLUMNS);
});
afterEach(() => {
  target.embedded.faults.clear();
  appender.close();
});

async function rows(): Promise<number> {
  const [[row]] = await target.client.query(`SELECT COUNT(*) AS n FROM d.${table}`);
  return (row as { n: number }).n;
}

/** Appends again until it is stored or known, as a client with retries would. */
async function appendUntilSettled(): Promise<number | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const reply = await appender.append(one, 0);
    if (reply.stored) return undefined;
    if (reply.code === CODE.ALREADY_EXISTS) return reply.code;
  }
  throw new Error("the append was never settled");
}

describe("faults on demand", () => {
  it("replyLost: the append took effect, and its retry is told so", async () => {
    target.embedded.faults.add({ kind: "replyLost", count: 1 });
    expect(await appender.append(one, 0)).toMatchObject({ stored: false, code: CODE.UNAVAILABLE });
    expect(await rows()).toBe(1);
    expect(await appendUntilSettled()).toBe(CODE.ALREADY_EXISTS);
    expect(await rows()).toBe(1);
  });

  it.each(["requestLost", "unavailable", "reset"] as const)("%s: no effect, and the retry is stored", async (kind) => {
    target.embedded.faults.add({ kind, count: 1 });
    expect(await appender.append(one, 0)).toMatchObject({ stored: false });
    expect(await rows()).toBe(0);
    expect(await appendUntilSettled()).toBeUndefined();
    expect(await rows()).toBe(1);
  });

  it.each([
    ["resourceExhausted", CODE.RESOURCE_EXHAUSTED],
    ["streamGone", CODE.NOT_FOUND],
  ] as const)("%s is told in-band", async (kind, code) => {
    target.embedded.faults.add({ kind, count: 1 });
    expect(await appender.append(one, 0)).toMatchObject({ stored: false, code });
    expect(await appender.append(one, 0)).toMatchObject({ stored: true });
  });

  it("freeze holds an append until the fault is removed", async () => {
    const fault = target.embedded.faults.add({ kind: "freeze" });
    const reply = appender.append(one, 0);
    expect(await rows()).toBe(0);
    expect(target.embedded.faults.list()).toMatchObject([{ id: fault.id, hits: 1 }]);
    target.embedded.faults.remove(fault.id);
    expect(await reply).toMatchObject({ stored: true });
  });

  it("hits only the stream or table it names", async () => {
    target.embedded.faults.add({ kind: "resourceExhausted", stream: "projects/p/datasets/d/tables/t/streams/other" });
    target.embedded.faults.add({ kind: "resourceExhausted", table: "other" });
    expect(await appender.append(one, 0)).toMatchObject({ stored: true });
    target.embedded.faults.add({ kind: "resourceExhausted", stream: appender.streamId });
    expect(await appender.append(one, 1)).toMatchObject({ code: CODE.RESOURCE_EXHAUSTED });
  });

  it("hits creation, finalization and REST when asked to", async () => {
    const { faults } = target.embedded;
    faults.add({ kind: "unavailable", call: "createStream", count: 1 });
    const path = `projects/p/datasets/d/tables/${table}`;
    await expect(
      target.writer.createWriteStream({ streamType: "COMMITTED", destinationTable: path }),
    ).resolves.toContain(path);
    expect(faults.list()[0]?.hits).toBe(1);
    faults.clear();
    faults.add({ kind: "streamGone", call: "finalizeStream", count: 1 });
    await expect(appender.connection.finalize()).rejects.toMatchObject({ code: CODE.NOT_FOUND });
    faults.add({ kind: "unavailable", call: "rest", count: 1 });
    expect(await failure(target.client.query("SELECT 1"))).toMatchObject({ code: 503 });
    faults.add({ kind: "replyLost", call: "rest", count: 1 });
    await expect(target.client.query(`INSERT d.${table} (id) VALUES (9)`)).rejects.toThrow();
    expect(await rows()).toBe(1);
  });
});
