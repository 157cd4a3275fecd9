/** One partition's rows on their way, with a clock that is moved by hand and a table that answers when it is told to. */
import { beforeEach, expect, test } from "vitest";
import type { AppendOutcome } from "#bigquery";
import type { Commit, ConsumedRecord, Ownership, RecordBatch } from "#kafka";
import { ManualClock, silentLogger } from "#runtime";
import { InFlight } from "../in-flight.ts";
import { PartitionWriter } from "../partition-writer.ts";
import { Progress } from "../progress.ts";
import { RowRate } from "../row-rate.ts";
import type { TableWriter } from "../table-writer.ts";

const IDLE_TIMEOUT_MS = 60_000;
const APPEND_ROWS = 10;

/** An append that the table has and has not answered. */
interface Asked {
  readonly rows: number;
  readonly offset: number | undefined;
  readonly answer: (outcome: AppendOutcome) => void;
}

let clock: ManualClock;
let ended: AbortController;
let commits: { offset: number; stream: string | null; rows: number }[];
let asked: Asked[];
/** Rows by stream, and which of them nobody can append to any more. */
let streams: Map<string, number>;
let finalized: string[];
let buried: string[];
let answers: "at once" | "when told";
let writer: PartitionWriter;

beforeEach(() => {
  clock = new ManualClock();
  ended = new AbortController();
  [commits, asked, finalized, buried] = [[], [], [], []];
  streams = new Map();
  answers = "at once";
});

function start({ rowsPerSecond }: { rowsPerSecond?: number } = {}): void {
  writer = new PartitionWriter({
    ownership: ownership(),
    table: table(),
    ...{ mode: "exactly-once", until: -1, clock, log: silentLogger },
    rows: () => ({ ok: true, bytes: new Uint8Array(100), eventTimeMs: 0 }),
    deadLetters: {
      send: (rejected) => Promise.resolve(void buried.push(...rejected.map((each) => each.record.offset))),
    },
    inFlight: new InFlight({ maxAppends: 4, maxBytes: 1_000_000 }),
    rowRate: new RowRate(clock, rowsPerSecond),
    progress: new Progress({ mode: "exactly-once", table: "t", offset: 0, until: -1, seenMs: undefined }),
    cutLimits: { maxRows: APPEND_ROWS, maxBytes: 1_000_000 },
    maxHeldBytes: () => 1_000_000,
    ...{ flushIntervalMs: 75, commitIntervalMs: 1000, idleTimeoutMs: IDLE_TIMEOUT_MS },
    events: { onStored: ignore, onAppended: ignore, onPassedOver: ignore, onCommitted: ignore },
  });
}

const ignore = (): void => undefined;

function ownership(): Ownership {
  return {
    ...{ topic: "readings", partition: 0, signal: ended.signal, pause: ignore, resume: ignore },
    ...{ committed: undefined, logStart: 0n, logEnd: 1000n, startOffset: 0n },
    commit: ({ offset, metadata }: Commit) => {
      const { stream, rows } = JSON.parse(metadata) as { stream: string | null; rows: number };
      commits.push({ offset: Number(offset), stream, rows });
      return Promise.resolve();
    },
    fail: (error) => ended.abort(error),
  };
}

function table(): TableWriter {
  return {
    ...{ table: "t", defaultStream: "t/_default", stored: () => Promise.reject(new Error("nobody asks")) },
    createStream: () => {
      const name = `s${streams.size + 1}`;
      streams.set(name, 0);
      return Promise.resolve(name);
    },
    finalizeStream: (name) => {
      finalized.push(name);
      return Promise.resolve(streams.get(name));
    },
    openStream: (name) => ({
      name,
      close: () => Promise.resolve(),
      append: (rows, offset) => {
        const { promise, resolve } = Promise.withResolvers<AppendOutcome>();
        const answer = (outcome: AppendOutcome): void => {
          if (outcome.kind === "stored") streams.set(name, streams.get(name)! + rows.length);
          resolve(outcome);
        };
        if (answers === "at once") answer({ kind: "stored" });
        else asked.push({ rows: rows.length, offset, answer });
        return promise;
      },
    }),
  };
}

/** Records from `from` on, as one fetch. */
function batch(from: number, count: number): RecordBatch {
  const record = (offset: number): ConsumedRecord => ({ offset: String(offset), timestamp: "5" }) as ConsumedRecord;
  const records = Array.from({ length: count }, (_, index) => record(from + index));
  return { records, nextOffset: BigInt(from + count), logEnd: 1000n };
}

const stored = (): number => [...streams.values()].reduce((sum, rows) => sum + rows, 0);

test("given up without a row rate: everything that was taken is stored and committed, the stream is finalized", async () => {
  start();
  await writer.process(batch(0, 95));
  await writer.drain();
  expect([stored(), commits.at(-1), finalized]).toEqual([95, { offset: 95, stream: null, rows: 0 }, ["s1"]]);
  expect(clock.pendingTimers).toBe(0);
});

test("given up with a row rate: what it holds back is in no stream and behind the commit; nobody waits for it", async () => {
  start({ rowsPerSecond: 20 });
  await writer.process(batch(0, 95));
  await clock.advance(1000);
  expect(stored()).toBe(40);
  await writer.drain();
  expect([stored(), commits.at(-1), finalized]).toEqual([40, { offset: 40, stream: null, rows: 0 }, ["s1"]]);
  await clock.advance(60_000);
  expect([stored(), commits.at(-1)?.offset, ended.signal.aborted]).toEqual([40, 40, false]);
});

test("given up with a row rate that holds nothing back: everything is stored", async () => {
  start({ rowsPerSecond: 20 });
  await writer.process(batch(0, 15));
  await writer.drain();
  expect([stored(), commits.at(-1)]).toEqual([15, { offset: 15, stream: null, rows: 0 }]);
});

test("given up before the row rate let anything go: no stream is made for it", async () => {
  start({ rowsPerSecond: 5 });
  await writer.process(batch(7, 95));
  await clock.advance(100);
  await writer.drain();
  expect([streams.size, commits.at(-1)]).toEqual([0, { offset: 0, stream: null, rows: 0 }]);
});

test("given up with appends under way: their outcome is waited for, and committed", async () => {
  answers = "when told";
  start({ rowsPerSecond: 20 });
  await writer.process(batch(0, 95));
  await clock.advance(0);
  expect(asked.map(({ rows, offset }) => [rows, offset])).toEqual([
    [10, 0],
    [10, 10],
  ]);
  let isDrained = false;
  const draining = writer.drain().then(() => (isDrained = true));
  await clock.advance(10_000);
  expect([isDrained, finalized]).toEqual([false, []]);
  for (const { answer } of asked) answer({ kind: "stored" });
  await draining;
  expect([stored(), commits.at(-1), asked.length]).toEqual([20, { offset: 20, stream: null, rows: 0 }, 2]);
});

test("given up while a row is rejected: what is not stored is left with the rest", async () => {
  answers = "when told";
  start({ rowsPerSecond: 20 });
  await writer.process(batch(0, 95));
  await clock.advance(0);
  const draining = writer.drain();
  await clock.advance(0);
  const [first, second] = asked;
  first!.answer({ kind: "stored" });
  second!.answer({ kind: "rejected", rows: [{ index: 3, message: "no" }] });
  await draining;
  expect([stored(), commits.at(-1), buried]).toEqual([10, { offset: 10, stream: null, rows: 0 }, []]);
});

test("no rows for the idle timeout: the stream is finalized and the commit names none; the next row opens another", async () => {
  start();
  await writer.process(batch(0, 10));
  await clock.advance(IDLE_TIMEOUT_MS / 2);
  await writer.process(batch(10, 5));
  await clock.advance(IDLE_TIMEOUT_MS - 1);
  expect([commits.at(-1), finalized]).toEqual([{ offset: 15, stream: "s1", rows: 15 }, []]);
  await clock.advance(100);
  expect([commits.at(-1), finalized]).toEqual([{ offset: 15, stream: null, rows: 0 }, ["s1"]]);
  await clock.advance(10 * IDLE_TIMEOUT_MS);
  expect([finalized, streams.size]).toEqual([["s1"], 1]);
  await writer.process(batch(15, 3));
  await clock.advance(2000);
  expect(commits.at(-1)).toEqual({ offset: 18, stream: "s2", rows: 3 });
});
