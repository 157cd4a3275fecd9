/** A partition that is lost while it is taken over, with a table that answers when it is told to. */
import { expect, test } from "vitest";
import { kafkaClient, type Ownership } from "#kafka";
import { ManualClock, silentLogger } from "#runtime";
import { encodeMetadata } from "../commit-metadata.ts";
import type { TableWriter } from "../table-writer.ts";
import { Writer } from "../writer.ts";

const STREAM = "t/streams/s";
const ROWS = 7;
const ignore = (): void => undefined;
const never = (): Promise<never> => Promise.reject(new Error("not in this test"));

function writerOf(table: TableWriter, clock: ManualClock): Writer {
  return new Writer({
    kafka: kafkaClient({ brokers: ["127.0.0.1:1"], clientId: "test", log: silentLogger }),
    ...{ groupId: "g", topic: "readings", clusterId: "c", memberName: "m", sessionTimeoutMs: 30_000 },
    ...{ table, mode: "exactly-once", clock, log: silentLogger, onFatal: ignore },
    rowsOf: () => () => ({ ok: true, bytes: new Uint8Array(0), eventTimeMs: 0 }),
    deadLetters: { send: never },
    ...{ cutLimits: { maxRows: 10, maxBytes: 1000 }, inFlightLimits: { maxAppends: 1, maxBytes: 1000 } },
    ...{ maxHeldBytes: 1000, maxRowsPerSecond: undefined },
    ...{ flushIntervalMs: 75, commitIntervalMs: 1000, idleTimeoutMs: 60_000 },
    events: {
      ...{ onStored: ignore, onAppended: ignore, onPassedOver: ignore, onCommitted: ignore },
      ...{ onTakeover: ignore, onQuestion: ignore },
    },
  });
}

function ownershipUntil(signal: AbortSignal): Ownership {
  const metadata = { v: 1, mode: "exactly-once", table: "t", stream: STREAM, rows: ROWS, until: -1 } as const;
  return {
    ...{ topic: "readings", partition: 3, signal, pause: ignore, resume: ignore, fail: ignore, commit: never },
    committed: { offset: 10n, metadata: encodeMetadata({ ...metadata, seenMs: null }) },
    ...{ logStart: 0n, logEnd: 20n, startOffset: 10n },
  };
}

test.each([
  ["kept: it is written, and its timers end with it", "after the answer"],
  ["lost while its old stream is being finalized: nothing is left behind", "before the answer"],
])("a partition that is %s", async (_name, endsWhen) => {
  const clock = new ManualClock();
  const finalized = Promise.withResolvers<number>();
  const ended = new AbortController();
  const reason = new Error("the partition was assigned to another member");
  const table = {
    ...{ table: "t", defaultStream: "t/_default" },
    ...{ createStream: never, stored: never, openStream: () => ({ name: STREAM, append: never, close: never }) },
    finalizeStream: () => finalized.promise,
  };
  const writer = writerOf(table, clock);
  const takenOver = writer.takeOver(ownershipUntil(ended.signal)).catch((error: unknown) => error);
  await clock.advance(0);
  if (endsWhen === "before the answer") ended.abort(reason);
  finalized.resolve(ROWS);
  const result = await takenOver;
  if (endsWhen === "before the answer") expect(result).toBe(reason);
  else {
    expect([...writer.partitions]).toEqual([[3, result]]);
    expect(clock.pendingTimers).toBeGreaterThan(0);
    ended.abort(reason);
  }
  expect([clock.pendingTimers, writer.partitions.size]).toEqual([0, 0]);
});
