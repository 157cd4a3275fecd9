import { describe, expect, it } from "vitest";
import { oldestLiveMs, partitionStartMs } from "../partition.ts";
import type { PartitionGranularity, Table } from "../table.ts";

const at = (text: string): number => Date.parse(text);
const table = (granularity: PartitionGranularity, expirationMs?: number): Table => ({
  ref: { projectId: "p", datasetId: "d", tableId: "t" },
  kind: "TABLE",
  storageName: "t_0",
  fields: [],
  partitioning: { granularity, field: "at", ...(expirationMs === undefined ? {} : { expirationMs }) },
  requirePartitionFilter: false,
  metadata: {},
  createdMs: 0,
  modifiedMs: 0,
});
const DAY_MS = 86_400_000;

describe("partitions", () => {
  it.each<[PartitionGranularity, string]>([
    ["HOUR", "2026-03-05T13:00:00Z"],
    ["DAY", "2026-03-05T00:00:00Z"],
    ["MONTH", "2026-03-01T00:00:00Z"],
    ["YEAR", "2026-01-01T00:00:00Z"],
  ])("%s starts", (granularity, start) => {
    expect(partitionStartMs(granularity, at("2026-03-05T13:59:59.999Z"))).toBe(at(start));
  });

  it("never expire without an expiration", () => {
    expect(oldestLiveMs(table("DAY"), 0)).toBeUndefined();
  });

  it.each<[string, PartitionGranularity, number, string, string]>([
    [
      "a day's partition lives while its start is younger",
      "DAY",
      DAY_MS,
      "2026-03-05T12:00:00Z",
      "2026-03-05T00:00:00Z",
    ],
    ["at the instant of its expiration it is gone", "DAY", DAY_MS, "2026-03-06T00:00:00Z", "2026-03-06T00:00:00Z"],
    ["a millisecond before it is there", "DAY", DAY_MS, "2026-03-05T23:59:59.999Z", "2026-03-05T00:00:00Z"],
    ["months have their own lengths", "MONTH", 31 * DAY_MS, "2026-03-05T00:00:00Z", "2026-03-01T00:00:00Z"],
  ])("%s", (_name, granularity, expirationMs, now, live) => {
    expect(oldestLiveMs(table(granularity, expirationMs), at(now))).toBe(at(live));
  });
});
