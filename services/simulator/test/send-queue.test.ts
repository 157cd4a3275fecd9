import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SendQueue, type Outgoing, type SendTime } from "../send-queue.ts";

const now = 1000;
const atOnce: SendTime = { notBeforeMs: now, afterNext: false };
const outgoing = (seq: number): Outgoing => ({
  pending: { seq, payload: Buffer.alloc(0), fate: "stored" },
  rank: seq,
  copies: 0,
  isCopy: false,
});

function queueOf(...sendTimes: readonly SendTime[]): SendQueue {
  const queue = new SendQueue();
  for (const [seq, sendTime] of sendTimes.entries()) queue.add(outgoing(seq), sendTime, now);
  return queue;
}

function taken(queue: SendQueue): number[] {
  const seqs: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) seqs.push(next.pending.seq);
  return seqs;
}

const late = (byMs: number): SendTime => ({ notBeforeMs: now + byMs, afterNext: false });
const afterNext: SendTime = { notBeforeMs: now, afterNext: true };

describe("SendQueue", () => {
  test.each<{ what: string; sendTimes: SendTime[]; order: number[] }>([
    { what: "in order", sendTimes: [atOnce, atOnce, atOnce], order: [0, 1, 2] },
    { what: "one after the next", sendTimes: [atOnce, afterNext, atOnce, atOnce], order: [0, 2, 1, 3] },
    { what: "two in a row after the next", sendTimes: [afterNext, afterNext, atOnce], order: [0, 2, 1] },
    { what: "late ones wait", sendTimes: [atOnce, late(1), atOnce], order: [0, 2] },
    { what: "lateness before being out of order", sendTimes: [{ ...late(1), afterNext: true }, atOnce], order: [1] },
    { what: "one that has no next waits", sendTimes: [atOnce, afterNext], order: [0] },
  ])("$what", ({ sendTimes, order }) => {
    expect(taken(queueOf(...sendTimes))).toEqual(order);
  });

  test("late ones come when it is time, the earliest first, and before what waits", () => {
    const queue = queueOf(late(30), late(10), late(20), atOnce);
    expect(queue.nextReleaseMs).toBe(now + 10);
    queue.release(now + 9);
    expect(queue.nextReleaseMs).toBe(now + 10);
    queue.release(now + 20);
    expect(queue.nextReleaseMs).toBe(now + 30);
    expect(taken(queue)).toEqual([1, 2, 3]);
    expect(queue.isEmpty).toBe(false);
    queue.release(now + 30);
    expect([taken(queue), queue.isEmpty, queue.nextReleaseMs]).toEqual([[0], true, Infinity]);
  });

  test("releaseAll lets everything go, also when there is nothing", () => {
    new SendQueue().releaseAll();
    const queue = queueOf(late(10), atOnce, afterNext);
    queue.releaseAll();
    expect([taken(queue), queue.isEmpty]).toEqual([[0, 1, 2], true]);
  });

  test("what failed takes its place again, whatever fails and in whichever order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.infiniteStream(fc.nat()), (count, random) => {
        const queue = queueOf(...Array.from({ length: count }, () => atOnce));
        const inFlight = Array.from({ length: Math.min(10, count) }, () => queue.take()!);
        const failed = inFlight.toSorted(() => (random.next().value! % 3) - 1);
        for (const one of failed) queue.putBack(one);
        expect(taken(queue)).toEqual(Array.from({ length: count }, (_, seq) => seq));
      }),
    );
  });
});
