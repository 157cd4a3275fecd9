import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PartitionMetadata } from "kafkajs";
import { declaredPartitioner, murmur2 } from "../partitioner.ts";

const kafkajsMurmur2 = createRequire(import.meta.url)("kafkajs/src/producer/partitioners/default/murmur2.js") as (
  key: Buffer,
) => number;

test("the hash is the one of kafkajs, for every length of the key's tail", () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(fc.property(key, (bytes) => murmur2(bytes) === kafkajsMurmur2(bytes)));
});

/** Expected values of Kafka's own test: clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java, testMurmur2. */
test.each([
  ["", 275646681],
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
])("the hash of %s is the one that Kafka expects", (key, hash) => expect(murmur2(Buffer.from(key))).toBe(hash));

const known = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({ partitionId }) as PartitionMetadata);
const choose = declaredPartitioner([{ name: "t", partitions: 12 }])();
const ask = (message: { key?: string; partition?: number }, topic = "t", partitions = 12) =>
  choose({ topic, partitionMetadata: known(partitions), message: { value: "v", ...message } });

test("a record's own partition wins over its key", () => {
  expect(ask({ partition: 7, key: "a" })).toBe(7);
  expect(ask({ key: "21" })).toBe((-973932308 & 0x7fffffff) % 12);
});

test("while a partition is unknown no key may move: kafkajs is told to ask again", () => {
  expect(() => ask({ key: "a" }, "t", 11)).toThrow(
    expect.objectContaining({ name: "KafkaJSMetadataNotLoaded", message: "t: 11 of 12 partitions are known" }),
  );
});

test("a record that belongs nowhere is a mistake in the program", () => {
  expect(() => ask({})).toThrow(TypeError);
  expect(() => ask({ key: "a" }, "other")).toThrow(TypeError);
});
