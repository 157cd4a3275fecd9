import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BigQuery } from "@google-cloud/bigquery";
import { answerOf, failure, metadataOf, pageOf, type Row, rowsOf } from "./client.ts";
import { isLocal, startTarget, type Target, uniqueId } from "./server.ts";

let target: Target;
let client: BigQuery;

beforeAll(async () => {
  target = await startTarget();
  client = target.client;
});
afterAll(async () => target.stop());

const COUNT = (rows: number): string => `SELECT x FROM UNNEST(GENERATE_ARRAY(1, ${rows})) AS x ORDER BY x`;
const WIDE = (width: number, rows: number): string =>
  `SELECT x, REPEAT('x', ${width}) AS s FROM UNNEST(GENERATE_ARRAY(1, ${rows})) AS x ORDER BY x`;
const numbers = (rows: object[]): number[] => rows.map((row) => (row as { x: number }).x);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

interface Body {
  readonly error: { readonly code: number; readonly message: string };
  readonly [name: string]: unknown;
}

/** A call without the client, for what the client never sends. */
async function raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const url = `http://127.0.0.1:${target.local!.port}${path}`;
  const payload = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body ?? null);
  const response = await fetch(url, {
    method,
    headers,
    ...(method === "GET" ? {} : { body: payload }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Body };
}

describe("paging", () => {
  test("three pages of a small result through a job", async () => {
    const [job] = await client.createQueryJob(COUNT(25));
    const pages: number[][] = [];
    let query: object | null = { maxResults: 10 };
    while (query) {
      const { rows, next, response } = await pageOf(job, query);
      pages.push(numbers(rows));
      expect(response.totalRows).toBe("25");
      query = next;
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(pages.flat()).toEqual(upTo(25));
  });

  test("the fast path continues through its job", async () => {
    const rows = await rowsOf(client, { query: COUNT(25), maxResults: 10 });
    expect(numbers(rows)).toEqual(upTo(25));
  });

  test("startIndex reads from the middle", async () => {
    const [job] = await client.createQueryJob(COUNT(25));
    const { rows } = await pageOf(job, { startIndex: "20" });
    expect(numbers(rows)).toEqual([21, 22, 23, 24, 25]);
  });

  test("a result that is spooled is read page by page, and again", async () => {
    const [job] = await client.createQueryJob(WIDE(1000, 3000));
    const first = await pageOf(job, { maxResults: 1000 });
    expect(numbers(first.rows)).toEqual(upTo(3000).slice(0, 1000));
    if (target.local) expect(readdirSync(target.local.resultsDir).length).toBeGreaterThan(0);
    const second = await pageOf(job, first.next!);
    const third = await pageOf(job, second.next!);
    expect(numbers(third.rows)).toEqual(upTo(3000).slice(2000));
    expect(third.next).toBeNull();
    const again = await pageOf(job, first.next!);
    expect(again.rows).toEqual(second.rows);
  });

  test("a page is never larger than 10 MB", async () => {
    const [job] = await client.createQueryJob(WIDE(10_000, 2000));
    const { rows, next } = await pageOf(job, {});
    expect(rows.length).toBeLessThan(1100);
    expect(next).not.toBeNull();
    const [all] = (await job.getQueryResults()) as [Row[]];
    expect(numbers(all)).toEqual(upTo(2000));
  });

  test("an empty result has a schema and no rows", async () => {
    const { rows, response } = await answerOf(client, COUNT(0));
    expect(rows).toEqual([]);
    expect(response).toMatchObject({ totalRows: "0", schema: { fields: [{ name: "x", type: "INTEGER" }] } });
  });
});

describe("errors", () => {
  test("jobs.query answers them as HTTP errors", async () => {
    expect(await failure(client.query("SELEKT 1"))).toMatchObject({ code: 400, reason: "invalidQuery" });
    expect(await failure(client.query(`SELECT * FROM \`${target.datasetId}.nope\``))).toMatchObject({
      code: 404,
      reason: "notFound",
    });
  });

  test("an error while the query runs is an error, not an empty result", async () => {
    const overflow = await failure(client.query("SELECT SUM(x) FROM UNNEST([9223372036854775807, 1]) AS x"));
    expect(overflow).toMatchObject({ code: 400, reason: "invalidQuery" });
    expect(overflow.message).toMatch(/int64 overflow/i);
    const failed = await failure(client.query("SELECT ERROR('boom') AS x"));
    expect(failed).toMatchObject({ code: 400, reason: "invalidQuery" });
    expect(failed.message).toContain("boom");
  });

  test("jobs.insert makes a job that carries the error", async () => {
    const jobId = uniqueId("job");
    await client.createQueryJob({ query: "SELECT ERROR('boom') AS x", jobId }).catch(() => undefined);
    const job = client.job(jobId);
    expect(await failure(job.getQueryResults())).toMatchObject({ code: 400, reason: "invalidQuery" });
    const metadata = await metadataOf(job);
    expect(metadata.status).toMatchObject({ state: "DONE", errorResult: { reason: "invalidQuery" } });
  });

  test.runIf(isLocal)("statements and jobs that are not supported are named", async () => {
    const merge = await failure(client.query("MERGE x USING y ON TRUE WHEN MATCHED THEN DELETE"));
    expect(merge).toMatchObject({ code: 501, reason: "notImplemented" });
    expect(merge.message).toContain("MERGE");
    for (const kind of ["load", "extract", "copy"]) {
      const { status, body } = await raw("POST", "/bigquery/v2/projects/p/jobs", { configuration: { [kind]: {} } });
      expect(status).toBe(501);
      expect(body.error.message).toContain(`configuration.${kind}`);
    }
    const destination = { query: "SELECT 1", useLegacySql: false, destinationTable: { tableId: "t" } };
    const { body } = await raw("POST", "/bigquery/v2/projects/p/jobs", { configuration: { query: destination } });
    expect(body.error).toMatchObject({ code: 501, status: "UNIMPLEMENTED" });
    expect(body.error.message).toContain("destinationTable");
  });

  test.runIf(isLocal)("routes that are not supported are named", async () => {
    const { status, body } = await raw("GET", "/bigquery/v2/projects/p/datasets/d/models");
    expect(status).toBe(501);
    expect(body.error.message).toContain("GET /bigquery/v2/projects/p/datasets/d/models");
    expect((await raw("POST", "/upload/bigquery/v2/projects/p/jobs", {})).status).toBe(501);
    expect((await raw("GET", "/elsewhere")).status).toBe(404);
  });

  test.runIf(isLocal)("legacy SQL is refused, also when a client leaves the choice to the default", async () => {
    expect((await raw("POST", "/bigquery/v2/projects/p/queries", { query: "SELECT 1" })).status).toBe(501);
    expect(
      (await raw("POST", "/bigquery/v2/projects/p/queries", { query: "SELECT 1", useLegacySql: true })).status,
    ).toBe(501);
  });

  test.runIf(isLocal)("bodies that are no JSON, too large or badly packed", async () => {
    const path = "/bigquery/v2/projects/p/queries";
    expect(await raw("POST", path, Buffer.from("{"))).toMatchObject({
      status: 400,
      body: { error: { errors: [{ reason: "parseError" }] } },
    });
    expect((await raw("POST", path, Buffer.alloc(11 * 1024 * 1024, 32))).status).toBe(413);
    expect((await raw("POST", path, Buffer.from("no gzip"), { "content-encoding": "gzip" })).status).toBe(400);
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, 32));
    expect((await raw("POST", path, bomb, { "content-encoding": "gzip" })).status).toBe(413);
  });
});

describe("requests", () => {
  test.runIf(isLocal)("both base paths and gzip work", async () => {
    const body = gzipSync(JSON.stringify({ query: COUNT(2), useLegacySql: false }));
    for (const base of ["/bigquery/v2", ""]) {
      const answer = await raw("POST", `${base}/projects/test-project/queries`, body, { "content-encoding": "gzip" });
      expect(answer).toMatchObject({
        status: 200,
        body: { jobComplete: true, totalRows: "2", rows: [{ f: [{ v: "1" }] }, { f: [{ v: "2" }] }] },
      });
    }
  });

  test("a job ID is used once", async () => {
    const jobId = uniqueId("job");
    await client.createQueryJob({ query: COUNT(1), jobId });
    expect(await failure(client.createQueryJob({ query: COUNT(1), jobId }))).toMatchObject({
      code: 409,
      reason: "duplicate",
    });
    expect(await failure(client.job("never_was").getMetadata())).toMatchObject({ code: 404, reason: "notFound" });
  });

  test.runIf(isLocal)("a repeated requestId is the same job", async () => {
    const table = uniqueId("t");
    await client.dataset(target.datasetId).createTable(table, { schema: [{ name: "a", type: "INTEGER" }] });
    const query = `INSERT INTO \`${target.datasetId}.${table}\` (a) VALUES (1)`;
    const body = { query, useLegacySql: false, requestId: uniqueId("r") };
    const path = `/bigquery/v2/projects/${target.projectId}/queries`;
    const [first, second] = [await raw("POST", path, body), await raw("POST", path, body)];
    expect(first.body.numDmlAffectedRows).toBe("1");
    expect(second.body.jobReference).toEqual(first.body.jobReference);
    const { numRows } = await metadataOf(client.dataset(target.datasetId).table(table));
    expect(numRows).toBe("1");
  });

  test("a dry run tells the schema and runs nothing", async () => {
    const [job] = await client.createQueryJob({ query: COUNT(3), dryRun: true });
    const { status, statistics } = job.metadata as { status: object; statistics: { query: object } };
    expect(status).toMatchObject({ state: "DONE" });
    expect(statistics.query).toMatchObject({
      statementType: "SELECT",
      schema: { fields: [{ name: "x", type: "INTEGER" }] },
    });
    expect(await failure(client.createQueryJob({ query: "SELEKT", dryRun: true }))).toMatchObject({ code: 400 });
  });

  test("jobs are read, listed and cancelled", async () => {
    const [job] = await client.createQueryJob(COUNT(3));
    await job.getQueryResults();
    const metadata = await metadataOf(job);
    expect(metadata).toMatchObject({
      kind: "bigquery#job",
      status: { state: "DONE" },
      configuration: { jobType: "QUERY", query: { query: COUNT(3) } },
      statistics: { query: { statementType: "SELECT", cacheHit: false } },
    });
    const [jobs] = await client.getJobs({ maxResults: 10, autoPaginate: false });
    expect(jobs.map((one) => one.id)).toContain(job.id);
    const [cancelled] = (await job.cancel()) as unknown as [{ job: object }];
    expect(cancelled.job).toMatchObject({ status: { state: "DONE" } });
  });

  test.runIf(isLocal)("timeoutMs is obeyed", async () => {
    const slow = `SELECT x FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS x ORDER BY x`;
    const body = { query: slow, useLegacySql: false, timeoutMs: 1 };
    const { body: started } = await raw("POST", "/bigquery/v2/projects/test-project/queries", body);
    expect(started).toMatchObject({ jobComplete: false });
    expect(started.rows).toBeUndefined();
    const id = (started.jobReference as { jobId: string }).jobId;
    const { rows } = await pageOf(client.job(id), { maxResults: 3 });
    expect(numbers(rows)).toEqual([1, 2, 3]);
  });

  test.runIf(isLocal)("a cancelled job ends in an error", async () => {
    const [job] = await client.createQueryJob(`SELECT x FROM UNNEST(GENERATE_ARRAY(1, 900000)) AS x ORDER BY x`);
    await job.cancel();
    expect((await failure(job.getQueryResults())).reason).toBe("stopped");
  });
});

describe("statements", () => {
  test("views are created, replaced and dropped; rows inserted and deleted", async () => {
    const table = `${target.datasetId}.${uniqueId("t")}`;
    const view = `${table}_view`;
    const id = table.split(".")[1]!;
    await client
      .dataset(target.datasetId)
      .createTable(id, { schema: [{ name: "a", type: "INTEGER", mode: "REQUIRED" }] });
    const [insert] = await client.createQueryJob(`INSERT INTO \`${table}\` (a) VALUES (1), (2), (3)`);
    await insert.getQueryResults();
    const inserted = await metadataOf(insert);
    expect(inserted.statistics.query).toMatchObject({ statementType: "INSERT", numDmlAffectedRows: "3" });
    const { response } = await answerOf(client, `DELETE FROM \`${table}\` WHERE a > 1`);
    expect(response).toMatchObject({ numDmlAffectedRows: "2", dmlStats: { deletedRowCount: "2" } });
    const create = `VIEW \`${view}\` AS SELECT * FROM \`${table}\``;
    await client.query(`CREATE ${create}`);
    expect(await failure(client.query(`CREATE ${create}`))).toMatchObject({ code: 409, reason: "duplicate" });
    await client.query(`CREATE OR REPLACE ${create}`);
    const rows = await rowsOf(client, `SELECT * FROM \`${view}\``);
    expect(rows).toEqual([{ a: 1 }]);
    expect(await failure(client.query(`DROP TABLE \`${view}\``))).toMatchObject({ code: 400 });
    await client.query(`DROP VIEW \`${view}\``);
    await client.query(`DROP VIEW IF EXISTS \`${view}\``);
    expect(await failure(client.query(`DROP VIEW \`${view}\``))).toMatchObject({ code: 404 });
    const missing = await failure(client.query(`INSERT INTO \`${table}\` (a) VALUES (NULL)`));
    expect(missing).toMatchObject({ code: 400, reason: "invalidQuery" });
    expect(missing.message).not.toMatch(/t_[0-9a-f]{16}/);
  });

  test("names without a dataset are looked up in the default one", async () => {
    const id = uniqueId("t");
    await client.dataset(target.datasetId).createTable(id, { schema: [{ name: "a", type: "INTEGER" }] });
    const defaultDataset = { datasetId: target.datasetId, projectId: target.projectId };
    const rows = await rowsOf(client, { query: `SELECT * FROM ${id}`, defaultDataset });
    expect(rows).toEqual([]);
  });
});

describe("parameters", () => {
  const values: readonly (readonly [type: string, value: unknown])[] = [
    ["INT64", 5],
    ["FLOAT64", 1.5],
    ["BOOL", true],
    ["STRING", "é'\"\\ 🙂"],
    ["TIMESTAMP", BigQuery.timestamp("2026-01-01T00:00:00.123456Z")],
    ["DATE", BigQuery.date("2026-01-31")],
    ["TIME", BigQuery.time("12:30:00.000001")],
    ["DATETIME", BigQuery.datetime("2026-01-01T10:00:00")],
  ];
  test.each(values)("%s, named and by position", async (type, value) => {
    const named = await rowsOf(client, { query: "SELECT @p AS v", params: { p: value }, types: { p: type } });
    expect(named).toEqual([{ v: value }]);
    const positional = await rowsOf(client, { query: "SELECT ? AS v", params: [value], types: [type] });
    expect(positional).toEqual([{ v: value }]);
  });

  test("NUMERIC, NULL and ARRAY", async () => {
    const numeric = { query: "SELECT @p AS v", params: { p: "123.456789012" }, types: { p: "NUMERIC" } };
    expect(String((await rowsOf(client, numeric))[0]?.v)).toBe("123.456789012");
    const none = await rowsOf(client, { query: "SELECT @p AS v", params: { p: null }, types: { p: "INT64" } });
    expect(none).toEqual([{ v: null }]);
    const list = await rowsOf(client, { query: "SELECT @p AS v", params: { p: ["a", "b"] } });
    expect(list).toEqual([{ v: ["a", "b"] }]);
  });
});
