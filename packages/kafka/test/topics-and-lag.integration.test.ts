import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics, type KafkaTopic } from "#events";
import {
  ConfirmedProducer,
  ensureTopics,
  FencedPartition,
  kafkaClient,
  readLag,
  type TopicChange,
  type Kafka,
  type KafkaClientOptions,
  type ProducedTopic,
} from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, type Kafka as Broker } from "#testkit";
import { ConfigResourceTypes, ConfigSource } from "../kafkajs.ts";

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

/** Every setting that was made on the topic itself. */
async function ownSettings(name: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name }],
  });
  const own = resources[0]!.configEntries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}

async function ensure(...topics: KafkaTopic[]): Promise<TopicChange[]> {
  const changes: TopicChange[] = [];
  await ensureTopics(admin, topics, { clock: systemClock, onChange: (change) => changes.push(change) });
  return changes;
}

test("a topic is made with its bounds: small segments, and bytes where it keeps by time", async () => {
  const timed = { ...topic(1), retentionBytes: 100_000_000 };
  const compacted = { ...topic(1), retentionMs: undefined, retentionBytes: 100_000_000 };
  expect(await ensure(timed, compacted)).toEqual([]);
  const common = { "message.timestamp.type": "LogAppendTime", "segment.bytes": "67108864" };
  expect(await ownSettings(timed.name)).toEqual({
    ...common,
    "retention.ms": "60000",
    "retention.bytes": "100000000",
  });
  expect(await ownSettings(compacted.name)).toEqual({ ...common, "cleanup.policy": "compact" });
});

test("a topic without bounds gets them once and keeps its other settings, whoever made them", async () => {
  const wanted = { ...topic(2), retentionBytes: 100_000_000 };
  const others = {
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": "12345678",
    "max.message.bytes": "2000000",
  };
  const configEntries = Object.entries(others).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic: wanted.name, numPartitions: 2, configEntries }],
    waitForLeaders: false,
  });
  const untouched = topic(1);
  await ensure(untouched);
  expect(await eventually("the topic is known", () => ensure(wanted, untouched))).toEqual([
    { topic: wanted.name, setting: "segment.bytes", from: "1073741824", to: "67108864" },
    { topic: wanted.name, setting: "retention.bytes", from: "-1", to: "100000000" },
  ]);
  const all = { ...others, "segment.bytes": "67108864", "retention.bytes": "100000000" };
  await eventually(
    "the broker knows the bounds, and nothing else is lost",
    () => ownSettings(wanted.name),
    (seen) => isDeepStrictEqual(seen, all),
  );
  expect(await ensure(wanted, untouched)).toEqual([]);
  const { topics } = await admin.fetchTopicMetadata({ topics: [wanted.name] });
  expect(topics[0]!.partitions).toHaveLength(2);
});

test("a bound that is no longer declared stays, another one replaces it", async () => {
  const wanted = topic(1);
  await ensure({ ...wanted, retentionBytes: 100_000_000 });
  expect(await ensure(wanted)).toEqual([]);
  expect(await ensure({ ...wanted, retentionBytes: 200_000_000 })).toMatchObject([{ from: "100000000" }]);
  const bound = "200000000";
  const seen = eventually(
    "the new bound is known",
    () => ownSettings(wanted.name),
    (own) => own["retention.bytes"] === bound,
  );
  expect(await seen).toMatchObject({ "segment.bytes": "67108864", "retention.ms": "60000" });
});

test("nothing is changed while a topic differs in what cannot be mended", async () => {
  const [wanted, fixed] = [topic(1), topic(3)];
  const configEntries = [{ name: "message.timestamp.type", value: "LogAppendTime" }];
  await admin.createTopics({
    topics: [wanted.name, fixed.name].map((name) => ({ topic: name, numPartitions: 1, configEntries })),
    waitForLeaders: false,
  });
  await expect(ensure(wanted, fixed)).rejects.toThrow("1 partitions, not 3");
  expect(await ownSettings(wanted.name)).toEqual({ "message.timestamp.type": "LogAppendTime" });
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
