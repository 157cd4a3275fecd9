import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deadLetter, encodeDeadLetter, kafkaTopics, type DeadLetterSource, type RejectionReason } from "#events";
import { ConfirmedProducer, ensureTopics, kafkaClient, type KafkaClientOptions } from "#kafka";
import { Subscriber } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, startMosquitto, type Kafka, type Mosquitto } from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const TOPIC = "sensors/city/park/s-1/telemetry";
let kafka: Kafka;
let mosquitto: Mosquitto;
let producer: ConfirmedProducer;
let subscriber: Subscriber;
const received: string[] = [];

beforeAll(async () => {
  [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  const client: KafkaClientOptions = { brokers: [kafka.address], clientId: "test", log: silentLogger };
  const admin = kafkaClient(client).admin();
  await admin.connect();
  await ensureTopics(admin, [kafkaTopics.deadLetters], { clock: systemClock });
  await admin.disconnect();
  producer = new ConfirmedProducer({ client, topics: [kafkaTopics.deadLetters], clock: systemClock });
  subscriber = new Subscriber({
    connection: { url: mosquitto.url, clientId: "sub", keepaliveSeconds: 60, sessionExpirySeconds: 0 },
    filter: "sensors/+/+/+/telemetry",
    mode: "subscribe",
    maxOutstanding: 100,
    maxOutstandingBytes: 1_000_000,
    ...{ clock: systemClock, log: silentLogger, onFatal: (error) => received.push(String(error)) },
    onMessage: (topic, payload) => {
      received.push(`${topic} ${payload.toString()}`);
      queueMicrotask(() => subscriber.confirm(1));
    },
  });
  subscriber.start();
  await eventually("subscribed", () => subscriber.state === "connected");
}, 120_000);
afterAll(async () => {
  subscriber.stopIntake();
  await Promise.all([subscriber.close(), producer.close()]);
  await Promise.all([kafka.server[Symbol.asyncDispose](), mosquitto.server[Symbol.asyncDispose]()]);
});

async function put(source: DeadLetterSource, reason: RejectionReason, payload: string): Promise<void> {
  const bytes = Buffer.from(payload);
  const letter = deadLetter({ reason, detail: "" }, source, bytes, Date.now(), () => payload);
  const message = { key: letter.id, value: Buffer.from(encodeDeadLetter(letter)) };
  await producer.send([{ topic: kafkaTopics.deadLetters.name, messages: [message] }]);
}

async function run(environment: Record<string, string>): Promise<{ code: number; output: string }> {
  const env = { ...process.env, KAFKA_BROKERS: kafka.address, MQTT_URL: mosquitto.url, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

test("letters go back through the front door as they came, each once; what cannot go is counted", async () => {
  const bridge = { part: "mqtt-bridge", mqtt_topic: TOPIC };
  await put(bridge, "not_json", "first");
  await put(bridge, "not_json", "first");
  await put(bridge, "too_deep", "deep");
  await put({ part: "mqtt-bridge", mqtt_topic: "sensors/city" }, "bad_topic", "nowhere");
  const record = { part: "bq-writer", kafka_source: "c/readings", kafka_partition: 1, kafka_offset: "7" };
  await put({ ...record, kafka_key: "house/s-2" }, "bigquery_rejected", '{"location":"attic"}');

  const dry = await run({ DRY_RUN: "true" });
  expect(dry).toMatchObject({
    code: 0,
    output: expect.stringMatching(/5 records read[^]*3 would be sent again/) as string,
  });
  expect(received).toEqual([]);

  const some = await run({ REASON: "too_deep" });
  expect(some.output).toMatch(/1 sent again:\n {2}too_deep +1\n3 not asked for\./);
  expect(received).toEqual([`${TOPIC} deep`]);

  const all = await run({});
  expect(all.output).toMatch(/3 sent again:[^]*1 came from no telemetry topic/);
  expect(all.code).toBe(0);
  await eventually("arrived", () => received.length === 4);
  expect(received.slice(1).toSorted()).toEqual(
    [`${TOPIC} first`, `${TOPIC} deep`, 'sensors/house/attic/s-2/telemetry {"location":"attic"}'].toSorted(),
  );
});

test("a wrong configuration is told whole, before anything is connected", async () => {
  const { code, output } = await run({ KAFKA_BROKERS: "x", REASON: "nonsense", DRY_RUN: "maybe" });
  expect(code).toBe(2);
  expect(output).toMatch(/KAFKA_BROKERS[^]*REASON[^]*not_json[^]*DRY_RUN|REASON[^]*DRY_RUN[^]*KAFKA_BROKERS/);
});
