import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BigQuery, Table } from "@google-cloud/bigquery";
import { arbitraryRow, COLUMNS, type PlainRow, plain, sent } from "./arbitrary-row.ts";
import { failure } from "./client.ts";
import { isLocal, startTarget, type Target, uniqueId } from "./server.ts";

let target: Target;
let client: BigQuery;
let table: Table;

beforeAll(async () => {
  target = await startTarget();
  client = target.client;
});
afterAll(async () => target.stop());

async function newTable(fields: object[]): Promise<Table> {
  const [made] = await client.dataset(target.datasetId).createTable(uniqueId("t"), { schema: { fields } } as never);
  return made;
}

/** The rows of a table in the order of column `n`, as {@link plain} values. */
async function read(from: Table): Promise<PlainRow[]> {
  const query = `SELECT * FROM \`${target.datasetId}.${from.id!}\` ORDER BY n`;
  const [rows] = await client.query({ query, wrapIntegers: true, maxResults: 7 });
  return (rows as Record<string, unknown>[]).map(plain);
}

describe("every type", () => {
  test("random rows come back equal", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRow, { minLength: 1, maxLength: 20 }), async (rows) => {
        table = await newTable(COLUMNS);
        const numbered = rows.map((row, n) => ({ n, ...row }));
        await table.insert(
          numbered.map((row) => ({ json: sent(row) })),
          { raw: true },
        );
        expect(await read(table)).toEqual(numbered.map(({ n, ...row }) => ({ n: String(n), ...row })));
        await table.delete();
      }),
      { numRuns: isLocal ? 40 : 3 },
    );
  });

  test("tabledata.list answers the same rows by pages", async () => {
    table = await newTable(COLUMNS);
    const rows = fc.sample(arbitraryRow, { numRuns: 50, seed: 7 }).map((row, n) => ({ n, ...row }));
    await table.insert(
      rows.map((row) => ({ json: sent(row) })),
      { raw: true },
    );
    const listed: PlainRow[] = [];
    let query: object | null = { maxResults: 20, autoPaginate: false, wrapIntegers: true };
    let pages = 0;
    while (query) {
      const [page, next]: [object[], object | null, unknown] = (await table.getRows(query)) as never;
      listed.push(...page.map((row) => plain(row as Record<string, unknown>)));
      query = next && { ...next, autoPaginate: false, wrapIntegers: true };
      pages++;
    }
    expect(pages).toBe(3);
    const byNumber = listed.toSorted((a, b) => Number(a.n) - Number(b.n));
    expect(byNumber).toEqual(rows.map(({ n, ...row }) => ({ n: String(n), ...row })));
  });

  test("the three spellings of a TIMESTAMP name the same instant", async () => {
    table = await newTable([
      { name: "n", type: "INTEGER" },
      { name: "at", type: "TIMESTAMP" },
    ]);
    await table.insert({ n: 1, at: "0001-01-01T00:00:00.000001Z" });
    const query = `SELECT * FROM \`${target.datasetId}.${table.id!}\` ORDER BY n`;
    const spell = async (options: object): Promise<string> => {
      const [job] = await client.createQueryJob({ query });
      const [, , response] = (await job.getQueryResults({ skipParsing: true, ...options } as never)) as never as [
        unknown,
        unknown,
        { rows: { f: { v: string }[] }[] },
      ];
      return response.rows[0]!.f[1]!.v;
    };
    expect(await spell({})).toBe("-62135596799999999");
    if (!isLocal) return;
    expect(await spell({ "formatOptions.useInt64Timestamp": false })).toBe("-62135596799.999999");
    const iso = {
      "formatOptions.useInt64Timestamp": undefined,
      "formatOptions.timestampOutputFormat": "ISO8601_STRING",
    };
    expect(await spell(iso)).toBe("0001-01-01T00:00:00.000001Z");
  });
});

describe("tabledata.insertAll", () => {
  const FIELDS = [
    { name: "n", type: "INTEGER", mode: "REQUIRED" },
    { name: "s", type: "STRING" },
  ];
  const raw = async (
    body: object,
  ): Promise<{ index: number; errors: { reason: string; location: string; message: string }[] }[]> => {
    try {
      await table.insert(body, { raw: true });
      return [];
    } catch (error) {
      const { response } = error as { response?: { insertErrors?: never[] } };
      if (!response?.insertErrors) throw error;
      return response.insertErrors;
    }
  };

  beforeAll(async () => {
    table = await newTable(FIELDS);
  });

  test("one bad row stops all", async () => {
    table = await newTable(FIELDS);
    const errors = await raw([{ json: { n: 1 } }, { json: { s: "x" } }, { json: { n: 3, other: 1 } }]);
    expect(errors.map(({ index, errors: [first] }) => [index, first!.reason])).toEqual([
      ...[
        [0, "stopped"],
        [1, "invalid"],
        [2, "invalid"],
      ],
    ]);
    expect(errors[1]!.errors[0]!.message).toContain("Missing required field");
    expect(errors[2]!.errors[0]).toMatchObject({
      location: "other",
      message: expect.stringContaining("no such field") as string,
    });
    expect(await read(table)).toEqual([]);
  });

  test("skipInvalidRows stores the others, ignoreUnknownValues drops what is unknown", async () => {
    table = await newTable(FIELDS);
    const rows = [{ json: { n: 1 } }, { json: { s: "x" } }, { json: { n: 3, other: 1 } }];
    const options = { raw: true, partialRetries: 0, skipInvalidRows: true, ignoreUnknownValues: true };
    const failed = (await table.insert(rows as never, options).catch((error: unknown) => error)) as {
      response: { insertErrors: { index: number }[] };
    };
    expect(failed.response.insertErrors.map(({ index }) => index)).toEqual([1]);
    expect((await read(table)).map(({ n }) => n)).toEqual(["1", "3"]);
  });

  test("names are compared without regard to case", async () => {
    table = await newTable(FIELDS);
    await table.insert([{ json: { N: 1, S: "a" } }], { raw: true });
    expect(await read(table)).toMatchObject([{ n: "1", s: "a" }]);
  });

  test("errors", async () => {
    table = await newTable(FIELDS);
    expect(await failure(client.dataset(target.datasetId).table("nope").insert({ n: 1 }))).toMatchObject({
      code: 404,
      reason: "notFound",
    });
  });
});
