/** The pure parts between a record and its append. */
import { describe, expect, test } from "vitest";
import type { ConsumedRecord } from "#kafka";
import { ManualClock } from "#runtime";
import { cutOf, stepsAround, type PendingRow, type Step } from "../append-cut.ts";
import { InFlight } from "../in-flight.ts";
import { Progress } from "../progress.ts";
import { RowBuffer } from "../row-buffer.ts";
import { RowRate } from "../row-rate.ts";

const never = new AbortController().signal;

function row(offset: number, bytes = 10): PendingRow {
  const record = { offset: String(offset), timestamp: "5" } as ConsumedRecord;
  return { bytes: new Uint8Array(bytes), eventTimeMs: 0, record };
}

function shown(steps: readonly Step[]): string[] {
  return steps.map((step) =>
    step.kind === "poison"
      ? `poison ${step.record.offset}`
      : `${step.kind} ${step.cut.rows.map(({ record }) => record.offset).join(" ")}`,
  );
}

describe("an append of which rows were rejected", () => {
  const cut = cutOf([10, 11, 13, 14, 15].map((offset) => row(offset)));
  const rejected = (...indexes: number[]) => indexes.map((index) => ({ index, message: "no" }));
  test.each([
    ["in the middle", rejected(2), ["append 10 11", "poison 13", "append 14 15"]],
    ["the first", rejected(0), ["poison 10", "append 11 13 14 15"]],
    ["the last", rejected(4), ["append 10 11 13 14", "poison 15"]],
    ["side by side, told out of order", rejected(3, 2), ["append 10 11", "poison 13", "poison 14", "append 15"]],
    ["all", rejected(0, 1, 2, 3, 4), ["poison 10", "poison 11", "poison 13", "poison 14", "poison 15"]],
    ["one told twice, one that is not there", rejected(1, 1, 9), ["append 10", "poison 11", "append 13 14 15"]],
  ])("%s", (_name, rows, steps) => expect(shown(stepsAround(cut, rows))).toEqual(steps));

  test("none of its rows: it cannot be cut again", () => {
    expect(() => stepsAround(cut, rejected(9))).toThrow("none of this append");
  });

  test("offsets behind each part: gaps belong to the part before them", () => {
    const nexts = stepsAround(cut, rejected(2)).map((step) =>
      step.kind === "append" ? step.cut.nextOffset : undefined,
    );
    expect(nexts).toEqual([12, undefined, 16]);
  });
});

describe("the buffer", () => {
  test("is cut before the row that does not fit", () => {
    const byRows = new RowBuffer({ maxRows: 2, maxBytes: 1000 });
    expect([1, 2, 3].map((offset) => byRows.push(row(offset))?.rows.length)).toEqual([undefined, undefined, 2]);
    const byBytes = new RowBuffer({ maxRows: 100, maxBytes: 25 });
    expect([1, 2, 3].map((offset) => byBytes.push(row(offset))?.bytes)).toEqual([undefined, undefined, 20]);
    expect(byBytes.cut()).toMatchObject({ bytes: 10, nextOffset: 4 });
    expect(byBytes.cut()).toBeUndefined();
  });

  test("a row larger than an append is alone", () => {
    const buffer = new RowBuffer({ maxRows: 100, maxBytes: 25 });
    expect([row(1), row(2, 99), row(3)].map((each) => buffer.push(each)?.bytes)).toEqual([undefined, 10, 99]);
  });
});

describe("appends under way", () => {
  test("are bounded in number and bytes; who waits goes in the order of coming", async () => {
    const inFlight = new InFlight({ maxAppends: 2, maxBytes: 100 });
    const went: string[] = [];
    const go = (name: string, bytes: number) => inFlight.acquire(bytes, never).then(() => void went.push(name));
    await Promise.all([go("a", 60), go("b", 30)]);
    const waiting = [go("large", 90), go("small", 5)];
    inFlight.release(30);
    await Promise.resolve();
    // The small one would fit, and does not overtake.
    expect(went).toEqual(["a", "b"]);
    inFlight.release(60);
    await Promise.all(waiting);
    expect(went).toEqual(["a", "b", "large", "small"]);
    expect([inFlight.appends, inFlight.bytes]).toEqual([2, 95]);
  });

  test("one that is larger than the bound goes alone; one that gives up lets the next one go", async () => {
    const inFlight = new InFlight({ maxAppends: 5, maxBytes: 100 });
    await inFlight.acquire(500, never);
    const abort = new AbortController();
    const given = inFlight.acquire(400, abort.signal);
    const next = inFlight.acquire(10, never);
    inFlight.release(500);
    await given;
    const third = inFlight.acquire(400, abort.signal);
    const fourth = inFlight.acquire(1, never);
    abort.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
    inFlight.release(400);
    await Promise.all([next, fourth]);
    expect(inFlight.bytes).toBe(11);
    await expect(inFlight.acquire(1, abort.signal)).rejects.toThrow("enough");
  });
});

describe("rows per second", () => {
  test("a second's rows at once, then at the pace; a larger append is waited for afterwards", async () => {
    const clock = new ManualClock();
    const rate = new RowRate(clock, 100);
    const done: [string, number][] = [];
    const take = async (name: string, rows: number) => {
      await rate.take(rows, never);
      done.push([name, clock.monotonicMs()]);
    };
    const taking = (async () => {
      for (const [name, rows] of [
        ["a", 100],
        ["b", 50],
        ["c", 300],
        ["d", 1],
      ] as const)
        await take(name, rows);
    })();
    await clock.advance(10_000);
    await taking;
    expect(done).toEqual([
      ["a", 0],
      ["b", 500],
      ["c", 3500],
      ["d", 3510],
    ]);
    await clock.advance(60_000);
    // What was not used is not saved up beyond a second.
    await take("e", 100);
    const last = take("f", 1);
    await clock.advance(10);
    await last;
    expect(done.at(-1)).toEqual(["f", 70_010]);
  });

  test("who loses patience has taken nothing; what need not be waited for is given even then", async () => {
    const clock = new ManualClock();
    const rate = new RowRate(clock, 100);
    const patience = new AbortController();
    const waiting = [rate.take(5000, patience.signal), rate.take(60, patience.signal)];
    await clock.advance(10);
    patience.abort(new Error("enough"));
    expect([await Promise.all(waiting), clock.pendingTimers]).toEqual([[false, false], 0]);
    expect(await rate.take(101, patience.signal)).toBe(false);
    expect(await rate.take(60, patience.signal)).toBe(true);
    expect(await rate.take(60, patience.signal)).toBe(false);
    rate.giveBack(60);
    expect(await rate.take(100, patience.signal)).toBe(true);
  });

  test("without a limit nobody waits", async () => {
    expect(await new RowRate(new ManualClock(), undefined).take(1e9, AbortSignal.abort())).toBe(true);
  });
});

test("progress: rows count from the stream's start, offsets go on", () => {
  const progress = new Progress({ mode: "exactly-once", table: "t", offset: 10, until: 12, seenMs: undefined });
  expect(progress.metadata()).toMatchObject({ stream: null, rows: 0, until: 12, seenMs: null });
  progress.reached(13, 100);
  progress.startStream("s");
  progress.stored(5, 20, 200);
  expect([progress.offset, progress.metadata()]).toMatchObject([20, { stream: "s", rows: 5, seenMs: 200 }]);
  progress.reached(25, undefined);
  expect([progress.offset, progress.metadata()]).toMatchObject([25, { rows: 5, seenMs: 200 }]);
  expect(() => progress.reached(24, 0)).toThrow("goes back");
  progress.startStream(null);
  expect(progress.metadata()).toMatchObject({ stream: null, rows: 0, until: 12 });
});
