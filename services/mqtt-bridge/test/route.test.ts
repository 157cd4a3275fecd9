import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { decodeDeadLetter } from "#events";
import { route } from "../route.ts";
import { malformed } from "./malformed.ts";
import { keyOf, reading, topicOf } from "./world.ts";

const NOW_MS = 1_760_000_000_000;

test("a reading keeps the device's own bytes and gets the device as its key", () => {
  const payload = Buffer.from(` ${reading("a", "b", 1, NOW_MS).toString()}\n`);
  const { record, rejection } = route(topicOf("a"), payload, NOW_MS);
  expect(rejection).toBeUndefined();
  expect(record.key).toBe(keyOf("a"));
  expect(record.value).toBe(payload);
});

test.each(malformed(21, NOW_MS).map((given) => [given.reason, given] as const))("%s", (reason, { topic, payload }) => {
  const { record, rejection } = route(topic, payload, NOW_MS);
  const letter = decodeDeadLetter(record.value as Buffer)!;
  const sha256 = createHash("sha256").update(payload).digest("hex");
  expect(rejection?.reason).toBe(reason);
  expect(letter).toMatchObject({ reason, received_at: NOW_MS, payload_bytes: payload.length });
  expect(letter.source).toEqual({ part: "mqtt-bridge", mqtt_topic: topic.slice(0, 1024) });
  expect([record.key, letter.id]).toEqual([letter.id, `mqtt/${topic.slice(0, 1024)}/${sha256}`]);
});

test("the largest dead letter that a message can make fits into one record of Kafka", () => {
  const { record } = route('"'.repeat(65_535), Buffer.alloc(1_000_000, 0), NOW_MS);
  expect((record.value as Buffer).length + Buffer.byteLength(record.key as string)).toBeLessThan(400_000);
});
