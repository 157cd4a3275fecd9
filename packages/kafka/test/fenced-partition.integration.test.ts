import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ensureTopics, FencedPartition, kafkaClient, type Kafka } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, startKafka, TcpProxy, type Kafka as Broker } from "#testkit";
import { loseAnswer, onNextRequest } from "./kafka-requests.ts";

let broker: Broker;
let proxy: TcpProxy;
let kafka: Kafka;
let admin: Admin;
let topic: string;
let groupId: string;
const opened: FencedPartition[] = [];

beforeAll(async () => {
  const port = await freePort();
  proxy = await TcpProxy.start(port);
  broker = await startKafka({ port, advertisedPort: proxy.port });
  kafka = kafkaClient({ brokers: [`127.0.0.1:${proxy.port}`], clientId: "test", log: silentLogger });
  admin = kafka.admin();
  await admin.connect();
  // The first group and the first transaction of a cluster make their coordinators' topics.
  topic = `t-${randomUUID()}`;
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
  groupId = `g-${randomUUID()}`;
  const first = open();
  await eventually("coordinators are there", () => first.takeOver(), Boolean, { timeoutMs: 60_000 });
  first.close();
}, 120_000);

afterAll(async () => {
  await admin.disconnect();
  await broker.server[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

beforeEach(async () => {
  topic = `t-${randomUUID()}`;
  groupId = `g-${randomUUID()}`;
  await ensureTopics(admin, [{ name: topic, partitions: 1, retentionMs: 3_600_000 }], { clock: systemClock });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: 100 }, (_, index) => ({ value: String(index) })) });
  await producer.disconnect();
});

afterEach(() => {
  proxy.onChunk = undefined;
  for (const fenced of opened.splice(0)) fenced.close();
});

function open(): FencedPartition {
  const fenced = new FencedPartition({
    kafka,
    admin,
    groupId,
    topic,
    partition: 0,
    clock: systemClock,
    log: silentLogger,
  });
  opened.push(fenced);
  return fenced;
}

async function committed(): Promise<{ offset: string; metadata: string | null }> {
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const { offset, metadata } = group!.partitions[0]!;
  return { offset, metadata };
}

describe("takeover", () => {
  test("of a new group starts at the start of the log; a commit is what the next owner finds", async () => {
    const first = open();
    expect(await first.takeOver()).toEqual({ committed: undefined, logStart: 0n, logEnd: 100n, startOffset: 0n });
    await first.commit({ offset: 10n, metadata: "one" });
    await first.commit({ offset: 20n, metadata: "two" });
    expect(first.state).toBe("owned");
    expect(await open().takeOver()).toMatchObject({ committed: { offset: 20n, metadata: "two" }, startOffset: 20n });
  });

  test("commits back to back are not held up by the markers of the one before", async () => {
    const fenced = open();
    await fenced.takeOver();
    for (let offset = 1n; offset <= 30n; offset += 1n) await fenced.commit({ offset, metadata: "" });
    expect((await committed()).offset).toBe("30");
  });

  test("below the start of the log starts there, above its end is refused", async () => {
    const first = open();
    await first.takeOver();
    await first.commit({ offset: 5n, metadata: "low" });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "40" }] });
    expect(await open().takeOver()).toMatchObject({ startOffset: 40n, committed: { offset: 5n } });
    const ahead = open();
    await ahead.takeOver();
    await ahead.commit({ offset: 101n, metadata: "high" });
    await expect(open().takeOver()).rejects.toMatchObject({ code: "KAFKA_LOG_TRUNCATED", retryable: false });
  });

  test("an owner that was fenced cannot commit and moves nothing", async () => {
    const [zombie, owner] = [open(), open()];
    await zombie.takeOver();
    await zombie.commit({ offset: 10n, metadata: "zombie" });
    await owner.takeOver();
    await expect(zombie.commit({ offset: 99n, metadata: "zombie" })).rejects.toMatchObject({
      code: "KAFKA_COMMIT_UNKNOWN",
    });
    expect([zombie.state, await committed()]).toEqual(["unknown", { offset: "10", metadata: "zombie" }]);
    await owner.commit({ offset: 11n, metadata: "owner" });
    await expect(zombie.commit({ offset: 99n, metadata: "zombie" })).rejects.toMatchObject({
      code: "KAFKA_OWNERSHIP_LOST",
    });
    expect(await committed()).toEqual({ offset: "11", metadata: "owner" });
  });

  test("of owners in quick succession only the last can commit", async () => {
    const owners = Array.from({ length: 6 }, () => open());
    await Promise.allSettled(owners.map((owner) => owner.takeOver()));
    const results = await Promise.allSettled(
      owners.map((owner, index) => owner.commit({ offset: BigInt(index + 1), metadata: `owner ${index}` })),
    );
    const winners = results.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
    expect(winners.length).toBeLessThanOrEqual(1);
    const last = open();
    const found = (await last.takeOver()).committed;
    expect(found?.metadata).toBe(winners.length === 0 ? undefined : `owner ${winners[0]!}`);
  });

  test("a closed one neither commits nor takes over", async () => {
    const fenced = open();
    await fenced.takeOver();
    fenced.close();
    await expect(fenced.commit({ offset: 1n, metadata: "" })).rejects.toMatchObject({ code: "KAFKA_OWNERSHIP_LOST" });
    await expect(fenced.takeOver()).rejects.toMatchObject({ code: "KAFKA_OWNERSHIP_LOST" });
  });
});

describe("a commit", () => {
  test("makes records and offset visible together, or neither", async () => {
    const out = `${topic}-out`;
    await ensureTopics(admin, [{ name: out, partitions: 1, retentionMs: 3_600_000 }], { clock: systemClock });
    const fenced = open();
    await fenced.takeOver();
    const records = (value: string) => [{ topic: out, messages: [{ value }] }];
    await fenced.commit({ offset: 1n, metadata: "", records: records("one") });
    const zombie = fenced;
    const owner = open();
    await owner.takeOver();
    await zombie.commit({ offset: 2n, metadata: "", records: records("never") }).catch(() => undefined);
    await owner.commit({ offset: 2n, metadata: "", records: records("two") });

    const seen: string[] = [];
    const consumer = kafka.consumer({ groupId: `${groupId}-out`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: out, fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void seen.push(message.value!.toString())) });
    await eventually(
      "both records",
      () => seen,
      (values) => values.length >= 2,
      { timeoutMs: 20_000 },
    );
    expect(seen).toEqual(["one", "two"]);
    await consumer.disconnect();
  });

  test.each([
    ["AddOffsetsToTxn", "old"],
    ["TxnOffsetCommit", "old"],
    ["EndTxn", "new"],
  ] as const)("whose answer to %s was lost is unknown, and the takeover finds the %s offset", async (step, found) => {
    const fenced = open();
    await fenced.takeOver();
    await fenced.commit({ offset: 10n, metadata: "old" });
    loseAnswer(proxy, step);
    await expect(fenced.commit({ offset: 20n, metadata: "new" })).rejects.toMatchObject({
      code: "KAFKA_COMMIT_UNKNOWN",
    });
    expect(fenced.state).toBe("unknown");
    await expect(fenced.commit({ offset: 30n, metadata: "third" })).rejects.toMatchObject({
      code: "KAFKA_OWNERSHIP_LOST",
    });
    const taken = await eventually("taken over", () => fenced.takeOver(), Boolean, { timeoutMs: 30_000 });
    expect(taken.committed?.metadata).toBe(found);
    await fenced.commit({ offset: 30n, metadata: "third" });
  });

  test("that is not answered at all ends after the transaction's time limit", { timeout: 60_000 }, async () => {
    const fenced = open();
    await fenced.takeOver();
    await fenced.commit({ offset: 10n, metadata: "old" });
    onNextRequest(proxy, "EndTxn", () => proxy.stall("toClient"));
    const failed = await fenced.commit({ offset: 20n, metadata: "new" }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "KAFKA_COMMIT_UNKNOWN" });
    proxy.heal();
    const taken = await eventually("taken over", () => fenced.takeOver(), Boolean, { timeoutMs: 30_000 });
    expect(taken.committed?.metadata).toBe("new");
  });
});
