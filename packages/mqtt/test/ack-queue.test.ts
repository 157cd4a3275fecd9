import { describe, expect, test } from "vitest";
import { AckQueue, NO_PACKET_ID } from "../ack-queue.ts";

const A = "connection a";
const B = "connection b";

/** Packet ids of the PUBACKs in a buffer. */
function idsOf(pubacks: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < pubacks.length; at += 4) {
    expect([pubacks[at], pubacks[at + 1]]).toEqual([0x40, 2]);
    ids.push(pubacks.readUInt16BE(at + 2));
  }
  return ids;
}

describe("AckQueue.release", () => {
  test.each([
    {
      case: "all",
      pushed: [
        [1, A],
        [2, A],
        [3, A],
      ],
      count: 3,
      alive: A,
      ids: [1, 2, 3],
      stale: 0,
    },
    {
      case: "the oldest only",
      pushed: [
        [7, A],
        [5, A],
        [6, A],
      ],
      count: 2,
      alive: A,
      ids: [7, 5],
      stale: 0,
    },
    { case: "none", pushed: [[1, A]], count: 0, alive: A, ids: [], stale: 0 },
    {
      case: "no connection",
      pushed: [
        [1, A],
        [2, A],
      ],
      count: 2,
      alive: undefined,
      ids: [],
      stale: 2,
    },
    {
      case: "another connection",
      pushed: [
        [1, A],
        [2, A],
      ],
      count: 2,
      alive: B,
      ids: [],
      stale: 2,
    },
    {
      case: "both connections",
      pushed: [
        [9, A],
        [1, B],
        [2, B],
      ],
      count: 3,
      alive: B,
      ids: [1, 2],
      stale: 1,
    },
    {
      case: "QoS 0",
      pushed: [
        [1, A],
        [NO_PACKET_ID, A],
        [2, A],
      ],
      count: 3,
      alive: A,
      ids: [1, 2],
      stale: 0,
    },
    { case: "QoS 0, gone", pushed: [[NO_PACKET_ID, A]], count: 1, alive: B, ids: [], stale: 0 },
    { case: "largest id", pushed: [[65_535, A]], count: 1, alive: A, ids: [65_535], stale: 0 },
  ] as const)("$case", ({ pushed, count, alive, ids, stale }) => {
    const queue = new AckQueue<string>(10);
    for (const [packetId, connection] of pushed) queue.push(packetId, 100, connection);
    const { pubacks, staleCount } = queue.release(count, alive);
    expect(idsOf(pubacks)).toEqual(ids);
    expect(staleCount).toBe(stale);
    expect([queue.length, queue.bytes]).toEqual([pushed.length - count, (pushed.length - count) * 100]);
  });

  test("more than there are is an error and takes nothing off", () => {
    const queue = new AckQueue<string>(2);
    queue.push(1, 1, A);
    expect(() => queue.release(2, A)).toThrow(RangeError);
    expect(idsOf(queue.release(1, A).pubacks)).toEqual([1]);
  });
});

test("it is full at its limit, and a push beyond is an error", () => {
  const queue = new AckQueue<string>(2);
  queue.push(1, 1, A);
  expect(queue.isFull).toBe(false);
  queue.push(2, 1, A);
  expect(queue.isFull).toBe(true);
  expect(() => queue.push(3, 1, A)).toThrow(RangeError);
});

test("the order holds over many turns of the ring", () => {
  const queue = new AckQueue<string>(7);
  const pushed: number[] = [];
  const released: number[] = [];
  for (let step = 1; step <= 500; step += 1) {
    for (let more = step % 4; more > 0 && !queue.isFull; more -= 1) {
      pushed.push(pushed.length + 1);
      queue.push(pushed.length, 3, A);
    }
    released.push(...idsOf(queue.release(Math.min(step % 3, queue.length), A).pubacks));
  }
  released.push(...idsOf(queue.release(queue.length, A).pubacks));
  expect(released).toEqual(pushed);
  expect(pushed.length).toBeGreaterThan(400);
  expect([queue.length, queue.bytes]).toEqual([0, 0]);
});
