import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "#runtime/manual-clock";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Job } from "../job.ts";
import { JobRegistry } from "../job-registry.ts";
import type { QueryRequest } from "../query-request.ts";

const MIB = 1024 * 1024;
const LIMITS = { maxJobs: 3, maxAgeMs: 1000, memoryBytes: 4 * MIB, spoolBytes: 10 * MIB };
const ROW = `{"f":[{"v":"${"x".repeat(1000)}"}]}`;
let directory: string;
let clock: ManualClock;
let jobs: JobRegistry;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "bq-jobs-")), "results");
  mkdirSync(directory);
  writeFileSync(join(directory, "left-behind.ndjson"), "");
  clock = new ManualClock(1_000_000);
  jobs = new JobRegistry(directory, clock, LIMITS);
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

const request = (jobId: string): QueryRequest => ({
  ...{
    projectId: "p",
    jobId,
    location: "US",
    sql: "SELECT 1",
    parameters: [],
    dryRun: false,
    configuration: {},
    bytes: 8,
  },
});

/** A finished job with `rows` rows of about 1 kB. */
async function finished(jobId: string, rows: number): Promise<Job> {
  const job = jobs.create(request(jobId));
  const writer = jobs.resultWriter();
  try {
    for (let left = rows; left > 0; left -= 100)
      await writer.append(Array.from({ length: Math.min(100, left) }, () => ROW));
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  job.finish({ result: await writer.finish(), fields: [] }, clock.nowMs());
  return job;
}
const settled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50));

test("what an earlier process left is deleted at start", () => {
  expect(existsSync(directory)).toBe(true);
  expect(readdirSync(directory)).toEqual([]);
});

test("the oldest finished jobs go when there are too many, running ones stay", async () => {
  jobs.create(request("running"));
  for (const id of ["a", "b", "c", "d"]) await finished(id, 1);
  expect(jobs.list("p").map(({ id }) => id)).toEqual(["d", "c", "running"]);
  expect(() => jobs.get("p", "a")).toThrow("Not found: Job p:a");
});

test("jobs go an hour after they ended, with their files", async () => {
  await finished("old", 3000);
  expect(readdirSync(directory)).toHaveLength(1);
  await clock.advance(LIMITS.maxAgeMs + 1);
  expect(() => jobs.get("p", "old")).toThrow("Not found");
  await settled();
  expect(readdirSync(directory)).toEqual([]);
  expect(jobs.spooledBytes).toBe(0);
});

test("a full spool costs the oldest result, and a result beyond the bound fails", async () => {
  await finished("first", 5000);
  await finished("second", 4000);
  await finished("third", 4000);
  expect(jobs.list("p").map(({ id }) => id)).toEqual(["third", "second"]);
  await expect(finished("huge", 12_000)).rejects.toThrow("Response too large");
  expect(jobs.spooledBytes).toBeLessThanOrEqual(LIMITS.spoolBytes);
});

test("small results are spooled too once memory is used up", async () => {
  const many = new JobRegistry(directory, clock, { ...LIMITS, maxJobs: 100, memoryBytes: 100_000 });
  jobs = many;
  for (let i = 0; i < 20; i++) await finished(`j${i}`, 10);
  expect(many.spooledBytes).toBeGreaterThan(0);
  for (let i = 0; i < 20; i++) expect(await many.get("p", `j${i}`).outcome!.result!.read(0, 10, MIB)).toHaveLength(10);
});

test("pages are cut by rows and by bytes, and a single row is always given", async () => {
  const result = (await finished("spooled", 3000)).outcome!.result!;
  expect(result).toMatchObject({ isSpooled: true, totalRows: 3000 });
  expect(await result.read(2990, 100, MIB)).toHaveLength(10);
  expect(await result.read(0, 1000, 10 * 1024)).toHaveLength(10);
  expect(await result.read(255, 2, MIB)).toEqual([ROW, ROW]);
  expect(await result.read(5, 10, 1)).toEqual([ROW]);
  expect(await result.read(3000, 10, MIB)).toEqual([]);
});
