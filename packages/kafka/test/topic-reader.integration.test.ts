import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ConfirmedProducer,
  ensureTopics,
  followTopic,
  readRecord,
  kafkaClient,
  readTopic,
  type Kafka,
  type KafkaClientOptions,
} from "#kafka";
import { ManualClock, silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, type Kafka as Broker } from "#testkit";

const topic = { name: `t-${randomUUID()}`, partitions: 3, retentionMs: 3_600_000 };
let broker: Broker;
let client: KafkaClientOptions;
let kafka: Kafka;
let admin: Admin;
let producer: ConfirmedProducer;
beforeAll(async () => {
  broker = await startKafka();
  client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  kafka = kafkaClient(client);
  admin = kafka.admin();
  await admin.connect();
  await ensureTopics(admin, [topic], { clock: systemClock });
  producer = new ConfirmedProducer({ client, topics: [topic], clock: systemClock });
}, 120_000);
afterAll(async () => {
  await Promise.all([producer.close(), admin.disconnect()]);
  await broker.server[Symbol.asyncDispose]();
});

const produce = (partition: number, ...values: string[]) =>
  producer.send([{ topic: topic.name, messages: values.map((value) => ({ value, partition })) }]);

async function readAll(): Promise<string[]> {
  const seen: string[] = [];
  const onRecord = ({ partition, message }: { partition: number; message: { value: Buffer | null } }): void =>
    void seen.push(`${partition}:${message.value?.toString() ?? ""}`);
  await readTopic({ kafka, topic: topic.name, clock: systemClock, onRecord });
  return seen.toSorted();
}

test("a topic is read from its start to its end, and no group stays behind", async () => {
  expect(await readAll()).toEqual([]);
  await produce(0, "a", "b");
  await produce(2, "c");
  expect(await readAll()).toEqual(["0:a", "0:b", "2:c"]);
  await admin.deleteTopicRecords({ topic: topic.name, partitions: [{ partition: 0, offset: "1" }] });
  expect(await readAll()).toEqual(["0:b", "2:c"]);
  const { groups } = await admin.listGroups();
  expect(groups.filter(({ groupId }) => groupId.startsWith("reader-"))).toEqual([]);
});

test("a record that takes long to be worked on is not Kafka's silence", async () => {
  const clock = new ManualClock();
  let seen = 0;
  const onRecord = async (): Promise<void> => {
    seen += 1;
    await clock.advance(60_000);
  };
  await readTopic({ kafka, topic: topic.name, clock, onRecord });
  expect(seen).toBe(2);
});

test("what is thrown while reading ends it", async () => {
  const reason = new Error("no");
  const onRecord = () => Promise.reject(reason);
  await expect(readTopic({ kafka, topic: topic.name, clock: systemClock, onRecord })).rejects.toBe(reason);
});

test("following a topic in which nothing happens is no error", async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const reason = new Error("enough");
  let seen = 0;
  const onRecord = (): void => void (seen += 1);
  const ended = expect(followTopic({ kafka, topic: topic.name, clock, signal: abort.signal, onRecord })).rejects.toBe(
    reason,
  );
  await eventually("a record", async () => {
    await produce(1, "quiet");
    return seen > 0;
  });
  await clock.advance(10 * 60_000);
  abort.abort(reason);
  await ended;
});

test("following shows what comes, not what was there, until it is told to stop", async () => {
  const abort = new AbortController();
  const seen: string[] = [];
  const following = followTopic({
    kafka,
    topic: topic.name,
    clock: systemClock,
    signal: abort.signal,
    onRecord: ({ message }) => void seen.push(message.value?.toString() ?? ""),
  });
  const reason = new Error("enough");
  const ended = expect(following).rejects.toBe(reason);
  let count = 0;
  // It follows from its first assignment on, which nobody can see from outside.
  await eventually("something new", async () => {
    await produce(1, `new-${count++}`);
    return seen.length > 0;
  });
  expect(seen.every((value) => value.startsWith("new-"))).toBe(true);
  abort.abort(reason);
  await ended;
});

test("one record is read by its place, whatever stands behind it and comes meanwhile", async () => {
  const [before] = (await admin.fetchTopicOffsets(topic.name)).filter(({ partition }) => partition === 1);
  const next = BigInt(before!.high);
  await produce(1, "first", "second", "third");
  const read = (offset: bigint): Promise<string | undefined> =>
    readRecord({ kafka, topic: topic.name, partition: 1, offset, clock: systemClock }).then((record) =>
      record?.value?.toString(),
    );
  const reading = Promise.all([read(next), read(next + 1n), read(next + 2n)]);
  await produce(1, "fourth");
  await produce(0, "elsewhere");
  expect(await reading).toEqual(["first", "second", "third"]);
  const { groups } = await admin.listGroups();
  expect(groups.filter(({ groupId }) => groupId.startsWith("reader-"))).toEqual([]);
});

test("a record that is not there (yet) is no other one", async () => {
  const ended = new AbortController();
  const [end] = (await admin.fetchTopicOffsets(topic.name)).filter(({ partition }) => partition === 1);
  const place = { partition: 1, offset: BigInt(end!.high) + 5n };
  const clock = new ManualClock();
  const reading = readRecord({ kafka, topic: topic.name, ...place, clock, signal: ended.signal });
  const rejected = expect(reading).rejects.toMatchObject({ code: "KAFKA_TIMEOUT" });
  await eventually("it watches", () => clock.pendingTimers > 0);
  await clock.advance(60_000);
  await rejected;
});

test("a reading that is ended while it joins rejects with the reason, and nobody is told twice", async () => {
  const ended = new AbortController();
  const reason = new Error("enough");
  const joining = kafkaClient(client);
  const consumer = joining.consumer.bind(joining);
  joining.consumer = (config) => {
    const made = consumer(config);
    made.on(made.events.CONNECT, () => ended.abort(reason));
    return made;
  };
  const place = { partition: 1, offset: 0n };
  // An error that nobody has caught would end this run.
  const reading = readRecord({ kafka: joining, topic: topic.name, ...place, clock: systemClock, signal: ended.signal });
  await expect(reading).rejects.toBe(reason);
});
