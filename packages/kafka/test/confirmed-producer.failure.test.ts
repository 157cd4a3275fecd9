import { randomUUID } from "node:crypto";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, kafkaClient, type Kafka, type KafkaClientOptions } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, startKafka, type Kafka as Broker } from "#testkit";

const BATCH = 50;
let broker: Broker;
let client: KafkaClientOptions;
let kafka: Kafka;
let admin: Admin;
beforeAll(async () => {
  broker = await startKafka();
  client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  kafka = kafkaClient(client);
  admin = kafka.admin({ retry: { retries: 100, maxRetryTime: 1000 } });
  await admin.connect();
}, 120_000);
afterAll(async () => {
  await admin.disconnect();
  await broker.server[Symbol.asyncDispose]();
});

/** Sends numbered records, one batch after the other. */
class Load {
  readonly topic = { name: randomUUID(), partitions: 1, retentionMs: 3_600_000 };
  readonly producer = new ConfirmedProducer({ client, topics: [this.topic], clock: systemClock });
  confirmed = 0;
  #isDone = false;
  #running = Promise.resolve();

  async start(): Promise<this> {
    await ensureTopics(admin, [this.topic], { clock: systemClock });
    this.#running = this.#run();
    return this;
  }

  async moreThan(count: number): Promise<void> {
    const wanted = this.confirmed + count;
    await eventually(
      "sending",
      () => this.confirmed,
      (confirmed) => confirmed > wanted,
      { timeoutMs: 60_000 },
    );
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#running;
    await this.producer.close();
  }

  async #run(): Promise<void> {
    while (!this.#isDone) {
      const messages = Array.from({ length: BATCH }, (_, index) => ({ key: "k", value: `${this.confirmed + index}` }));
      await this.producer.send([{ topic: this.topic.name, messages }]);
      this.confirmed += BATCH;
    }
  }

  /** All numbers in the order of the log. */
  async stored(): Promise<number[]> {
    const seen: number[] = [];
    const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic.name, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch }) => Promise.resolve(void seen.push(...batch.messages.map(({ value }) => Number(value)))),
    });
    await eventually(
      "all records",
      () => seen.at(-1),
      (value) => value === this.confirmed - 1,
      { timeoutMs: 60_000 },
    );
    await consumer.disconnect();
    return seen;
  }
}

test("a broker killed under load loses and reorders nothing that was confirmed", async () => {
  const load = await new Load().start();
  for (let round = 0; round < 3; round += 1) {
    await load.moreThan(1000);
    await broker.server.kill();
    await systemClock.sleep(2000);
    await broker.server.start();
  }
  await load.moreThan(0);
  await load.stop();
  const stored = await load.stored();
  // A replaced producer sends its last batch again; without a replacement there is no duplicate at all.
  const duplicates = stored.length - new Set(stored).size;
  expect(duplicates).toBeLessThanOrEqual(BATCH * load.producer.replacements);
  expect([...new Set(stored)]).toEqual(Array.from({ length: load.confirmed }, (_, index) => index));
});

test("an outage that is longer than every retry of the client replaces no producer, so it repeats nothing", async () => {
  const load = await new Load().start();
  await load.moreThan(1000);
  await broker.server.stop();
  await systemClock.sleep(15_000);
  await broker.server.start();
  await load.moreThan(1000);
  await load.stop();
  expect(load.producer.replacements).toBe(0);
  expect(await load.stored()).toEqual(Array.from({ length: load.confirmed }, (_, index) => index));
});

test("whoever waits for a cluster that is not there can stop waiting", async () => {
  const nobody = { ...client, brokers: [`127.0.0.1:${await freePort()}`] };
  const producer = new ConfirmedProducer({ client: nobody, topics: [], clock: systemClock });
  const reason = new Error("enough");
  const abort = new AbortController();
  const connecting = expect(producer.connect(abort.signal)).rejects.toBe(reason);
  setTimeout(() => abort.abort(reason), 200);
  await connecting;
  await producer.close();
});

test("a record that no producer can place is refused at once", async () => {
  const load = await new Load().start();
  await load.stop();
  const refused = (topic: string) => load.producer.send([{ topic, messages: [{ value: "v" }] }]);
  await expect(refused(load.topic.name)).rejects.toMatchObject({ code: "KAFKA_RECORDS_REFUSED" });
  await load.producer.close();
});
