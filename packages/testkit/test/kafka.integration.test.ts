import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { eventually, startKafka } from "#testkit";

test("keeps records and its port over a stop and a kill -9", { timeout: 240_000 }, async () => {
  const steps: string[] = [];
  const broker = await startKafka({ onProgress: (step) => steps.push(step) });
  await using server = broker.server;
  expect(steps.at(-1)).toContain(`starting Kafka on ${broker.address}`);

  const client = new Kafka({
    brokers: [broker.address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 50, maxRetryTime: 1000 },
  });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }], waitForLeaders: true });
  const producer = client.producer();
  await producer.connect();
  const produce = (value: string) => producer.send({ topic: "t", acks: -1, messages: [{ value }] });
  await produce("one");
  await server.kill();
  await server.start();
  await produce("two");
  await server.stop();
  await server.start();
  await produce("three");

  const seen: string[] = [];
  const consumer = client.consumer({ groupId: "g", maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: "t", fromBeginning: true });
  await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void seen.push(message.value!.toString())) });
  await eventually(
    "three records",
    () => seen,
    (values) => values.join() === "one,two,three",
    { timeoutMs: 30_000 },
  );
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
});
