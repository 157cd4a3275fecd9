import { createRequire } from "node:module";
import { expect, test, vi } from "vitest";
import { patchKafkajs } from "../kafkajs-patches.ts";

interface Queue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}
interface Offsets {
  setDefaultOffset(at: { topic: string; partition: number }): Promise<void>;
}
type Class<T> = new (options: object) => T;

const load = createRequire(import.meta.url);
const RequestQueue = load("kafkajs/src/network/requestQueue/index.js") as Class<Queue>;
const OffsetManager = load("kafkajs/src/consumer/offsetManager/index.js") as Class<Offsets>;
const { isRebalancing } = load("kafkajs/src/errors.js") as { isRebalancing: (error: unknown) => boolean };

patchKafkajs();

test("an idle request queue sets no timer, one with something pending does", () => {
  vi.useFakeTimers();
  const queue = new RequestQueue({ logger: { debug: () => undefined } });
  queue.scheduleCheckPendingRequests();
  expect(vi.getTimerCount()).toBe(0);
  queue.pending.push({ send: () => undefined, expectResponse: true });
  queue.scheduleCheckPendingRequests();
  expect(vi.getTimerCount()).toBe(1);
  vi.useRealTimers();
});

test("a fetch out of range commits nothing and makes kafkajs join again", async () => {
  const offsetCommit = vi.fn();
  const manager = new OffsetManager({
    memberAssignment: { t: [0] },
    topicConfigurations: { t: { fromBeginning: true } },
    cluster: { defaultOffset: () => "-2", committedOffsets: () => ({}) },
    coordinator: { isConnected: () => true, offsetCommit },
    groupId: "g",
  });
  const error: unknown = await manager
    .setDefaultOffset({ topic: "t", partition: 0 })
    .catch((reason: unknown) => reason);
  expect([isRebalancing(error), offsetCommit.mock.calls]).toEqual([true, []]);
});
