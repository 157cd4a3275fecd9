import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import {
  ConfirmedProducer,
  ensureTopics,
  FencedPartition,
  kafkaClient,
  readLag,
  type Kafka,
  type KafkaClientOptions,
  type ProducedTopic,
} from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, type Kafka as Broker } from "#testkit";

let broker: Broker;
let client: KafkaClientOptions;
let kafka: Kafka;
let admin: Admin;
beforeAll(async () => {
  broker = await startKafka();
  client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  kafka = kafkaClient(client);
  admin = kafka.admin();
  await admin.connect();
}, 120_000);
afterAll(async () => {
  await admin.disconnect();
  await broker.server[Symbol.asyncDispose]();
});

const topic = (partitions: number) => ({ name: `t-${randomUUID()}`, partitions, retentionMs: 60_000 });
const producer = (...topics: ProducedTopic[]) => new ConfirmedProducer({ client, topics, clock: systemClock });

test("the topics of the pipeline are made once, as declared", async () => {
  const topics = Object.values(kafkaTopics);
  expect(await ensureTopics(admin, topics, { clock: systemClock })).toEqual(topics.map(({ name }) => name));
  expect(await ensureTopics(admin, topics, { clock: systemClock })).toEqual([]);
});

test("a topic that differs is refused, with every difference", async () => {
  const wanted = topic(3);
  await admin.createTopics({ topics: [{ topic: wanted.name, numPartitions: 2 }], waitForLeaders: false });
  await expect(ensureTopics(admin, [wanted], { clock: systemClock })).rejects.toMatchObject({
    code: "KAFKA_TOPIC_MISMATCH",
    message: expect.stringMatching(/2 partitions, not 3; .* CreateTime, not LogAppendTime/) as string,
  });
});

test("records are confirmed in order, stamped by the broker, and counted as lag until they are committed", async () => {
  const wanted = topic(2);
  await ensureTopics(admin, [wanted], { clock: systemClock });
  const sender = producer(wanted);
  for (let batch = 0; batch < 10; batch += 1)
    await sender.send([{ topic: wanted.name, messages: [{ value: `${batch}`, partition: 0, timestamp: "1000" }] }]);
  const groupId = randomUUID();
  // The first group of a cluster waits for the coordinator's topic to be made.
  const read = () => eventually("the lag is known", () => readLag(admin, groupId, wanted.name));
  const lagOf = async () => (await read()).toSorted((a, b) => a.partition - b.partition);
  expect(await lagOf()).toEqual([
    { partition: 0, committed: undefined, logStart: 0n, logEnd: 10n, lag: 10n },
    { partition: 1, committed: undefined, logStart: 0n, logEnd: 0n, lag: 0n },
  ]);
  const options = { kafka, admin, groupId, topic: wanted.name, partition: 0, clock: systemClock, log: silentLogger };
  const fenced = new FencedPartition(options);
  await eventually("taken over", () => fenced.takeOver());
  await fenced.commit({ offset: 4n, metadata: "m" });
  expect((await lagOf())[0]).toMatchObject({ committed: 4n, lag: 6n });
  await admin.deleteTopicRecords({ topic: wanted.name, partitions: [{ partition: 0, offset: "7" }] });
  expect((await lagOf())[0]).toMatchObject({ committed: 4n, logStart: 7n, lag: 3n });
  fenced.close();
  await sender.close();
});

test("records that the broker will never take are refused, and the next ones go through", async () => {
  const wanted = topic(1);
  await ensureTopics(admin, [wanted], { clock: systemClock });
  const sender = producer(wanted);
  const send = (bytes: number) =>
    sender.send(
      [{ topic: wanted.name, messages: [{ key: "k", value: Buffer.alloc(bytes) }] }],
      AbortSignal.timeout(20_000),
    );
  await expect(send(2_000_000)).rejects.toMatchObject({ code: "KAFKA_RECORDS_REFUSED", retryable: false });
  await send(10);
  expect([(await readLag(admin, "nobody", wanted.name))[0]!.logEnd, sender.replacements]).toEqual([1n, 1]);
  await sender.close();
});

test("only one send at a time, and an abort ends the wait", async () => {
  const wanted = topic(1);
  await ensureTopics(admin, [wanted], { clock: systemClock });
  const sender = producer(wanted);
  await sender.connect();
  const batch = [{ topic: wanted.name, messages: [{ key: "k", value: "x" }] }];
  const first = sender.send(batch);
  await expect(sender.send(batch)).rejects.toThrow("one send at a time");
  await first;
  broker.server.pause();
  const reason = new Error("the service stops");
  const controller = new AbortController();
  const waiting = sender.send(batch, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  broker.server.resume();
  await sender.close();
});
