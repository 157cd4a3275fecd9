import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignPartitions, partitionLag, protocolErrorType, startPosition } from "#kafka";
import { committedPosition } from "../start-position.ts";

const at = (offset: bigint) => ({ offset, metadata: "m" });

describe("where to start", () => {
  test.each([
    { name: "nothing committed", committed: undefined, expected: { kind: "start", offset: 10n, lostToRetention: 0n } },
    { name: "inside the log", committed: at(15n), expected: { kind: "start", offset: 15n, lostToRetention: 0n } },
    { name: "at its start", committed: at(10n), expected: { kind: "start", offset: 10n, lostToRetention: 0n } },
    { name: "at its end", committed: at(20n), expected: { kind: "start", offset: 20n, lostToRetention: 0n } },
    { name: "below its start", committed: at(7n), expected: { kind: "start", offset: 10n, lostToRetention: 3n } },
    { name: "above its end", committed: at(21n), expected: { kind: "refuse" } },
  ])("$name", ({ committed, expected }) => {
    expect(startPosition({ committed, logStart: 10n, logEnd: 20n })).toEqual(expected);
  });

  test("a negative committed offset is none", () => {
    expect([committedPosition("-1", ""), committedPosition("-2", null)]).toEqual([undefined, undefined]);
    expect(committedPosition("0", null)).toEqual({ offset: 0n, metadata: "" });
  });
});

test.each([
  { committed: undefined, lag: 10n },
  { committed: 5n, lag: 10n },
  { committed: 10n, lag: 10n },
  { committed: 13n, lag: 7n },
  { committed: 20n, lag: 0n },
  { committed: 25n, lag: 0n },
])("lag of a log from 10 to 20, committed $committed, is $lag", ({ committed, lag }) => {
  expect(partitionLag(committed, 10n, 20n)).toBe(lag);
});

test("the protocol's error type is found below wrappers", () => {
  const inner = Object.assign(new Error("x"), { type: "CONCURRENT_TRANSACTIONS" });
  expect(protocolErrorType(new Error("outer", { cause: new Error("middle", { cause: inner }) }))).toBe(inner.type);
  expect([protocolErrorType(new Error("x")), protocolErrorType("x")]).toEqual([undefined, undefined]);
});

describe("assignment", () => {
  const partitions = Array.from({ length: 12 }, (_, index) => index);
  const member = (name: string, memberId = `${name}-id`) => ({ name, memberId });
  const ownerOf = (shares: Map<string, number[]>, partition: number) =>
    [...shares].find(([, share]) => share.includes(partition))?.[0];

  test("every partition has one owner, shares are even, the order of members does not matter", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 15 }), (names) => {
        const members = names.map((name) => member(name));
        const shares = assignPartitions(members, "readings", partitions);
        expect([...shares.values()].flat().toSorted((a, b) => a - b)).toEqual(partitions);
        const sizes = [...shares.values()].map((share) => share.length);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.ceil(12 / names.length));
        const reversed = assignPartitions(members.toReversed(), "readings", partitions);
        expect(new Map([...reversed].toSorted())).toEqual(new Map([...shares].toSorted()));
      }),
    );
  });

  test("a member that restarts under its name gets its partitions back, whatever its new id", () => {
    const before = assignPartitions([member("a"), member("b"), member("c")], "readings", partitions);
    const after = assignPartitions([member("a"), member("b", "b-restarted"), member("c")], "readings", partitions);
    expect(after.get("b-restarted")).toEqual(before.get("b-id"));
    expect(after.get("a-id")).toEqual(before.get("a-id"));
  });

  test("a member that comes takes its share and moves few others", () => {
    const before = assignPartitions([member("a"), member("b"), member("c")], "readings", partitions);
    const after = assignPartitions([member("a"), member("b"), member("c"), member("d")], "readings", partitions);
    const moved = partitions.filter((partition) => ownerOf(before, partition) !== ownerOf(after, partition));
    expect(moved.length).toBeLessThanOrEqual(6);
  });

  test("two members with one name both work", () => {
    const shares = assignPartitions([member("a", "1"), member("a", "2")], "readings", partitions);
    expect([...shares.values()].map((share) => share.length)).toEqual([6, 6]);
  });
});
