import { describe, expect, test } from "vitest";
import { decodeMetadata, encodeMetadata, type CommitMetadata } from "../commit-metadata.ts";
import { doneUntil, doubtAfter, otherLog, takeoverPlan, type TakeoverPlan } from "../takeover.ts";

const TABLE = "projects/p/datasets/d/tables/t";
const EXACTLY = { table: TABLE, mode: "exactly-once" } as const;
const AT_LEAST = { table: TABLE, mode: "at-least-once" } as const;

function metadata(change: Partial<CommitMetadata> = {}): CommitMetadata {
  return {
    v: 1,
    mode: "exactly-once",
    table: TABLE,
    stream: `${TABLE}/streams/s`,
    rows: 40,
    until: 90,
    seenMs: 1000,
    ...change,
  };
}

function committed(change: Partial<CommitMetadata> = {}): { offset: number; metadata: string } {
  return { offset: 100, metadata: encodeMetadata(metadata(change)) };
}

test("metadata survives its way through Kafka, also in a Kafka that keeps only 4096 bytes of it", () => {
  const long = metadata({
    stream: `projects/${"p".repeat(30)}/datasets/${"d".repeat(1024)}/tables/t/streams/${"s".repeat(100)}`,
  });
  expect(decodeMetadata(encodeMetadata(long))).toEqual({ kind: "found", metadata: long });
  expect(Buffer.byteLength(encodeMetadata(long))).toBeLessThan(4096);
});

test.each(["{}", "hello", '{"v":2}', encodeMetadata(metadata({ rows: -1 })), encodeMetadata(metadata({ until: -2 }))])(
  "foreign metadata: %s",
  (text) => expect(decodeMetadata(text)).toMatchObject({ kind: "foreign" }),
);

describe("what the commit asks for", () => {
  const ask = (afterOffset: number): TakeoverPlan => ({
    kind: "ask",
    doubt: { afterOffset, expected: undefined, seenMs: undefined },
  });
  test.each([
    ["nothing was committed", undefined, EXACTLY, ask(29)],
    ["the metadata was wiped by a reset", { offset: 100, metadata: "" }, EXACTLY, ask(99)],
    [
      "a stream is open",
      committed(),
      EXACTLY,
      { kind: "finalize", stream: `${TABLE}/streams/s`, committed: 100, metadata: metadata() },
    ],
    ["no stream is open", committed({ stream: null }), EXACTLY, { kind: "proceed", until: 90, seenMs: 1000 }],
    [
      "no stream, no time",
      committed({ stream: null, seenMs: null }),
      EXACTLY,
      { kind: "proceed", until: 90, seenMs: undefined },
    ],
    ["at least once: nothing was committed", undefined, AT_LEAST, { kind: "proceed", until: -1, seenMs: undefined }],
    [
      "at least once: running",
      committed({ mode: "at-least-once" }),
      AT_LEAST,
      { kind: "proceed", until: 90, seenMs: 1000 },
    ],
    [
      "the mode was changed in order",
      committed({ mode: "at-least-once", stream: null }),
      EXACTLY,
      { kind: "proceed", until: 90, seenMs: 1000 },
    ],
  ] as const)("%s", (_name, given, config, plan) => expect(takeoverPlan(given, 30, config)).toEqual(plan));

  test.each([
    ["another table", committed({ table: "projects/p/datasets/d/tables/u" }), EXACTLY, "has written to"],
    ["another table, stream closed", committed({ table: "u", stream: null }), EXACTLY, "has written to"],
    ["the mode was changed while it ran", committed({ mode: "at-least-once" }), EXACTLY, "not stopped in order"],
    ["the same the other way", committed(), AT_LEAST, "not stopped in order"],
    [
      "metadata of somebody else",
      { offset: 100, metadata: "hello" },
      EXACTLY,
      "another program or a newer version: hello",
    ],
  ] as const)("refused: %s", (_name, given, config, reason) => {
    expect(takeoverPlan(given, 30, config)).toEqual({
      kind: "refuse",
      reason: expect.stringContaining(reason) as string,
    });
  });
});

describe("what the finalized stream's count says", () => {
  const finalize = (change: Partial<CommitMetadata>) =>
    ({ kind: "finalize", stream: "s", committed: 100, metadata: metadata(change) }) as const;
  test.each([
    ["as many as committed", {}, 40, undefined],
    ["more", {}, 47, { afterOffset: 99, expected: 7, seenMs: 1000 }],
    ["fewer, which only a wrong table explains", {}, 39, { afterOffset: 99, expected: -1, seenMs: 1000 }],
    ["the stream is gone", {}, undefined, { afterOffset: 99, expected: undefined, seenMs: 1000 }],
    ["a takeover before was ahead of the commit", { until: 130 }, 41, { afterOffset: 130, expected: 1, seenMs: 1000 }],
    ["no time known", { seenMs: null }, 41, { afterOffset: 99, expected: 1, seenMs: undefined }],
  ])("%s", (_name, change, rows, doubt) => expect(doubtAfter(finalize(change), rows)).toEqual(doubt));
});

describe("what the table's answer says", () => {
  const doubt = { afterOffset: 99, expected: 7, seenMs: undefined };
  const unknown = { ...doubt, expected: undefined };
  test.each([
    ["it has what the stream has", doubt, { count: 7, maxOffset: 112 }, { kind: "until", until: 112 }],
    ["not yet", doubt, { count: 6, maxOffset: 111 }, { kind: "unclear" }],
    ["more than the stream has", doubt, { count: 8, maxOffset: 112 }, { kind: "unclear" }],
    ["fewer than none", { ...doubt, expected: -1 }, { count: 0, maxOffset: undefined }, { kind: "unclear" }],
    ["nothing to compare with", unknown, { count: 3, maxOffset: 104 }, { kind: "until", until: 104 }],
    ["nothing at all", unknown, { count: 0, maxOffset: undefined }, { kind: "until", until: 99 }],
    ["up to the log's end", unknown, { count: 3, maxOffset: 199 }, { kind: "until", until: 199 }],
    ["behind the log's end", unknown, { count: 3, maxOffset: 200 }, { kind: "refuse" }],
  ] as const)("%s", (_name, given, stored, answer) => expect(doneUntil(given, stored, 200)).toMatchObject(answer));
});

describe("whether the table's last row can be of this log", () => {
  const stored = { maxOffset: 7, maxOffsetIngestMs: 1_700_000_000_123 };
  test.each([
    ["the same time to the millisecond", stored, 1_700_000_000_123, false],
    ["a millisecond later", stored, 1_700_000_000_124, true],
    ["earlier, as of a log that was put back", stored, 1_600_000_000_000, true],
    ["no record there any more", stored, undefined, false],
    ["no row", { maxOffset: undefined, maxOffsetIngestMs: undefined }, 1_700_000_000_124, false],
    ["a row without a time", { maxOffset: 7, maxOffsetIngestMs: undefined }, 1_700_000_000_124, false],
  ])("%s", (_name, given, appendMs, isOther) => expect(otherLog(given, appendMs) !== undefined).toBe(isOther));

  test("what is wrong, and both ways out", () => {
    const reason = otherLog(stored, 1_700_000_001_000);
    expect(reason).toContain("offset 7 is of a record that Kafka took at 2023-11-14T22:13:20.123Z");
    expect(reason).toContain("the log's record there was taken at 2023-11-14T22:13:21.000Z");
    expect(reason).toMatch(/another name; or, .* set the group's offset to 8/);
  });
});
