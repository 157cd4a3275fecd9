import { fileURLToPath } from "node:url";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, FencedPartition, kafkaClient, type KafkaClientOptions } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, ServerProcess, startKafka, temporaryDirectory, type Kafka } from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const topic = { name: "readings", partitions: 2, retentionMs: 3_600_000 };
let broker: Kafka;
let client: KafkaClientOptions;
let admin: Admin;
beforeAll(async () => {
  broker = await startKafka();
  client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  admin = kafkaClient(client).admin();
  await admin.connect();
  await ensureTopics(admin, [topic], { clock: systemClock });
}, 120_000);
afterAll(async () => {
  await admin.disconnect();
  await broker.server[Symbol.asyncDispose]();
});

test("the lag as Kafka has it; held while Kafka is away, then none, never 0; back when Kafka is", async () => {
  const producer = new ConfirmedProducer({ client, topics: [topic], clock: systemClock });
  const messages = Array.from({ length: 10 }, (_, index) => ({ value: "v", partition: index % 2 }));
  await producer.send([{ topic: topic.name, messages }]);
  const opsPort = await freePort();
  const adapter = await ServerProcess.start({
    name: "lag-adapter",
    command: process.execPath,
    args: [MAIN],
    directory: temporaryDirectory("lag-adapter"),
    isTemporary: true,
    environment: { KAFKA_BROKERS: broker.address, POLL_INTERVAL: "200ms", HOLD: "4s", OPS_PORT: String(opsPort) },
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
  const read = async (name: string): Promise<number | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
    const value = new RegExp(`^${name}{group="bq-writer",topic="readings"} (\\S+)$`, "m").exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const seen: (number | undefined)[] = [];
  const lagIs = (expected: number | undefined) =>
    eventually(
      `lag ${expected}`,
      async () => {
        const lag = await read("kafka_consumer_lag");
        seen.push(lag);
        return lag;
      },
      (lag) => lag === expected,
      { timeoutMs: 60_000 },
    );

  await lagIs(10);
  const fence = { admin, groupId: "bq-writer", topic: topic.name, partition: 0, clock: systemClock, log: silentLogger };
  const fenced = new FencedPartition({ kafka: kafkaClient(client), ...fence });
  await eventually("taken over", () => fenced.takeOver());
  await fenced.commit({ offset: 3n, metadata: "" });
  await lagIs(7);
  fenced.close();
  await eventually(
    "the oldest has waited",
    () => read("kafka_consumer_lag_seconds"),
    (age) => (age ?? 0) > 0.5,
  );

  seen.length = 0;
  await broker.server.stop();
  await lagIs(undefined);
  expect(seen.filter((lag) => lag !== undefined && lag !== 7)).toEqual([]);
  expect(await read("kafka_consumer_lag_known")).toBe(0);
  const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status;
  await eventually("not ready", ready, (status) => status === 503, { timeoutMs: 30_000 });
  await broker.server.start();
  await lagIs(7);
  await producer.close();
  expect(await adapter.stop()).toMatchObject({ code: 0 });
});
