import { connect } from "node:tls";
import { once } from "node:events";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, FencedPartition, kafkaClient, type KafkaClientOptions } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, type Kafka } from "#testkit";
import { AdapterProcess } from "./adapter-process.ts";
import { Aggregator, BASE } from "./aggregator.ts";

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
  await using adapter = await AdapterProcess.start({
    KAFKA_BROKERS: broker.address,
    POLL_INTERVAL: "200ms",
    HOLD: "4s",
  });
  const { opsPort, apiPort } = adapter;
  const read = async (name: string): Promise<number | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
    const value = new RegExp(`^${name}{group="bq-writer",topic="readings"} (\\S+)$`, "m").exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  using aggregator = new Aggregator(() => apiPort, await adapter.ca.issue({ commonName: "front-proxy" }));
  const ask = async (metric: string): Promise<Asked> => {
    const path = `${BASE}/namespaces/smart-home/${metric}?labelSelector=group%3Dbq-writer`;
    const { status, text } = await aggregator.get(path);
    return { status, value: (JSON.parse(text) as { items?: { value: string }[] }).items?.[0]?.value };
  };
  const asked: Asked[] = [];
  const seen: (number | undefined)[] = [];
  const lagIs = (expected: number | undefined) =>
    eventually(
      `lag ${expected}`,
      async () => {
        const lag = await read("kafka_consumer_lag");
        seen.push(lag);
        asked.push(await ask("kafka_consumer_lag"));
        return lag;
      },
      (lag) => lag === expected,
      { timeoutMs: 60_000 },
    );

  await lagIs(10);
  await eventually(
    "the topic does not grow any more",
    () => ask("kafka_topic_append_rate"),
    ({ status, value }) => status === 200 && value === "0",
  );
  const fence = { admin, groupId: "bq-writer", topic: topic.name, partition: 0, clock: systemClock, log: silentLogger };
  const fenced = new FencedPartition({ kafka: kafkaClient(client), ...fence });
  await eventually("taken over", () => fenced.takeOver());
  await fenced.commit({ offset: 3n, metadata: "" });
  await lagIs(7);
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 200, value: "7" });
  fenced.close();
  await eventually(
    "the oldest has waited",
    () => read("kafka_consumer_lag_seconds"),
    (age) => (age ?? 0) > 0.5,
  );

  expect(Number.parseInt((await ask("kafka_consumer_lag_seconds")).value ?? "0")).toBeGreaterThan(0);

  asked.length = 0;
  seen.length = 0;
  await broker.server.stop();
  await lagIs(undefined);
  expect(seen.filter((lag) => lag !== undefined && lag !== 7)).toEqual([]);
  expect(await read("kafka_consumer_lag_known")).toBe(0);
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 503, value: undefined });
  expect(asked.filter(({ status, value }) => !(status === 200 ? value === "7" : status === 503))).toEqual([]);
  // An API without a ready pod would break discovery for the whole cluster.
  expect((await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status).toBe(200);
  expect((await aggregator.get(BASE)).status).toBe(200);

  await broker.server.start();
  await lagIs(7);
  await producer.close();
  await adapter.renew("second");
  await eventually(
    "the renewed certificate",
    () => shownAt(apiPort),
    (name) => name === "second",
    { timeoutMs: 30_000 },
  );
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 200, value: "7" });
  expect(await adapter.process.stop()).toMatchObject({ code: 0 });
});

interface Asked {
  readonly status: number;
  readonly value: string | undefined;
}

async function shownAt(port: number): Promise<unknown> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}
