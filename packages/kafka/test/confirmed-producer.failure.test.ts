import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka } from "#testkit";

test("a broker killed under load loses and reorders nothing that was confirmed", async () => {
  const broker = await startKafka();
  await using server = broker.server;
  const kafka = kafkaClient({ brokers: [broker.address], clientId: "test", log: silentLogger });
  const topic = randomUUID();
  const admin = kafka.admin({ retry: { retries: 100, maxRetryTime: 1000 } });
  await admin.connect();
  await ensureTopics(admin, [{ name: topic, partitions: 1, retentionMs: 3_600_000 }], { clock: systemClock });

  const sender = new ConfirmedProducer({ kafka, clock: systemClock, log: silentLogger });
  const state = { isDone: false, confirmed: 0 };
  const load = (async () => {
    while (!state.isDone) {
      const messages = Array.from({ length: 50 }, (_, index) => ({ value: String(state.confirmed + index) }));
      await sender.send([{ topic, messages }]);
      state.confirmed += 50;
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const before = state.confirmed;
    await eventually(
      "sending",
      () => state.confirmed,
      (count) => count > before + 1000,
      { timeoutMs: 60_000 },
    );
    await server.kill();
    await systemClock.sleep(2000);
    await server.start();
  }
  const before = state.confirmed;
  await eventually(
    "sending",
    () => state.confirmed,
    (count) => count > before,
    { timeoutMs: 60_000 },
  );
  state.isDone = true;
  await load;

  const seen: number[] = [];
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => Promise.resolve(void seen.push(...batch.messages.map(({ value }) => Number(value)))),
  });
  const last = state.confirmed - 1;
  await eventually(
    "all records",
    () => seen.at(-1),
    (value) => value === last,
    { timeoutMs: 60_000 },
  );
  // A replaced producer sends its last batch again; without a replacement there is no duplicate at all.
  const duplicates = seen.length - new Set(seen).size;
  expect(duplicates).toBeLessThanOrEqual(50 * sender.replacements);
  expect(seen.filter((value, index) => seen.indexOf(value) === index)).toEqual(
    Array.from({ length: state.confirmed }, (_, index) => index),
  );
  await Promise.all([consumer.disconnect(), sender.close(), admin.disconnect()]);
});
