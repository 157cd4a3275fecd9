import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  deadLetter,
  deadLetterPayload,
  deadLetterTopic,
  decodeDeadLetter,
  encodeDeadLetter,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
} from "#events";

const sha256 = (payload: Uint8Array): string => createHash("sha256").update(payload).digest("hex");
const fault = { reason: "not_json", detail: "no" } as const;
const fromMqtt = { part: "mqtt-bridge", mqtt_topic: "sensors/a/b/c/telemetry" };
const fromKafka = {
  part: "bq-writer",
  kafka_source: "cluster/readings",
  kafka_partition: 3,
  kafka_offset: "42",
  kafka_key: "a/c",
};
const payload = Buffer.from([0, 255, 1]);

test("the same rejected message has the same id whenever it comes again; other bytes or topics have another", () => {
  const idOf = (bytes: Uint8Array, topic: string, atMs: number) =>
    deadLetter(fault, { ...fromMqtt, mqtt_topic: topic }, bytes, atMs, sha256).id;
  expect(idOf(payload, "t", 1)).toBe(idOf(payload, "t", 2));
  expect(idOf(payload, "t", 1)).not.toBe(idOf(Buffer.from([1]), "t", 1));
  expect(idOf(payload, "t", 1)).not.toBe(idOf(payload, "u", 1));
});

test("a record of Kafka is named by its coordinates", () => {
  expect(deadLetter(fault, fromKafka, payload, 1, sha256).id).toBe("kafka/cluster/readings/3/42");
});

test("it survives the wire with every byte of the payload", () => {
  const letter = deadLetter(fault, fromKafka, payload, 5, sha256);
  expect(decodeDeadLetter(encodeDeadLetter(letter))).toEqual(letter);
  expect(Buffer.from(deadLetterPayload(letter)!)).toEqual(payload);
});

test("a payload that is too large for Kafka is cut and says so", () => {
  const letter = deadLetter(fault, fromMqtt, Buffer.alloc(MAX_DEAD_LETTER_PAYLOAD_BYTES + 1), 5, sha256);
  expect(letter.payload_bytes).toBe(MAX_DEAD_LETTER_PAYLOAD_BYTES + 1);
  expect(deadLetterPayload(letter)).toBe(undefined);
  expect(encodeDeadLetter(letter).length).toBeLessThan(1_000_000);
});

test.each(["", "{}", "null", "[]", '{"id":1}', "\u00ff"])("anything else is not a dead letter: %j", (text) => {
  expect(decodeDeadLetter(Buffer.from(text, "latin1"))).toBe(undefined);
});

test.each([
  ["as it came from MQTT", fromMqtt, "x", "sensors/a/b/c/telemetry"],
  ["a topic that devices cannot use", { ...fromMqtt, mqtt_topic: "sensors/a/telemetry" }, "x", undefined],
  ["a wildcard", { ...fromMqtt, mqtt_topic: "sensors/a/+/c/telemetry" }, "x", undefined],
  ["key and location", fromKafka, '{"location":"b"}', "sensors/a/b/c/telemetry"],
  ["no location", fromKafka, "{}", undefined],
  ["a location that no topic can hold", fromKafka, '{"location":"b/c"}', undefined],
  ["no JSON", fromKafka, "{", undefined],
  ["not an object", fromKafka, "null", undefined],
  ["no key", { ...fromKafka, kafka_key: null }, '{"location":"b"}', undefined],
  ["a key of somebody else", { ...fromKafka, kafka_key: "k" }, '{"location":"b"}', undefined],
])("the topic to send it again: %s", (_case, source, text, topic) => {
  expect(deadLetterTopic(deadLetter(fault, source, Buffer.from(text), 1, sha256))).toBe(topic);
});
