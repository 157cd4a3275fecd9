import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, connectAsync } from "mqtt";
import {
  decodeDeadLetter,
  deadLetterPayload,
  kafkaTopics,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
  SHARED_BRIDGE_SUBSCRIPTION,
} from "#events";
import { EXIT_CODES, systemClock } from "#runtime";
import { eventually } from "#testkit";
import { Load } from "./load.ts";
import { malformed } from "./malformed.ts";
import { keyOf, reading, topicOf, World } from "./world.ts";

const READINGS = kafkaTopics.readings.name;
const DEAD_LETTERS = kafkaTopics.deadLetters.name;
const PUBACK = 0x40;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

test("a thousand malformed payloads: each one dead letter with its reason, and the stream goes on", async () => {
  const bridge = await world.bridge();
  const client = await connectAsync(world.mosquitto.url, { protocolVersion: 5 });
  const given = malformed(1000, systemClock.nowMs());
  const good = (index: number): Buffer => reading("good", "boot", index, systemClock.nowMs());
  const published = given.flatMap(({ topic, payload }, index) => [
    client.publishAsync(topic, payload, { qos: 1 }),
    client.publishAsync(topicOf("good"), good(index), { qos: 1 }),
  ]);
  await Promise.all(published);
  const [letters, readings] = await Promise.all([world.read(DEAD_LETTERS), world.read(READINGS)]);
  await eventually(
    "a thousand dead letters",
    () => letters.length,
    (count) => count >= 1000,
    { timeoutMs: 30_000 },
  );
  await eventually(
    "a thousand readings",
    () => readings.length,
    (count) => count >= 1000,
  );
  expect(await bridge.process.stop()).toMatchObject({ code: EXIT_CODES.clean });
  await Promise.all([world.readToEnd(DEAD_LETTERS, letters), world.readToEnd(READINGS, readings)]);

  expect(readings.map(({ value }) => (JSON.parse(value) as { seq: number }).seq)).toEqual(given.map((_, seq) => seq));
  const decoded = letters.map(({ key, value }) => ({ key, letter: decodeDeadLetter(Buffer.from(value))! }));
  const byHash = new Map(decoded.map(({ key, letter }) => [key.slice(key.lastIndexOf("/") + 1), letter]));
  expect([letters.length, byHash.size]).toEqual([1000, 1000]);
  for (const { topic, payload, reason } of given) {
    const letter = byHash.get(createHash("sha256").update(payload).digest("hex"))!;
    expect(letter).toMatchObject({ reason, source: { part: "mqtt-bridge" }, payload_bytes: payload.length });
    expect(topic.startsWith((letter.source as { mqtt_topic: string }).mqtt_topic)).toBe(true);
    const kept = payload.length <= MAX_DEAD_LETTER_PAYLOAD_BYTES;
    expect(deadLetterPayload(letter)).toEqual(kept ? payload : undefined);
  }
  await client.endAsync();
});

test("SIGTERM under load, several times: exit 0 within the grace period, nothing lost, nothing twice", async () => {
  const load = new Load(world.mosquitto.url);
  const records = await world.read(READINGS);
  for (let round = 0; round < 4; round += 1) {
    const bridge = await world.bridge();
    await eventually(
      "it works",
      () => bridge.metric("bridge_readings_total"),
      (count) => count > 200 + 50 * round,
    );
    // Longer than the grace period of 30 s would be SIGKILL, and not code 0.
    expect(await bridge.process.stop(30_000)).toMatchObject({ code: EXIT_CODES.clean });
  }
  const bridge = await world.bridge();
  await load.stop();
  await eventually(
    "nothing is missing",
    () => load.audit(records).missing.length,
    (count) => count === 0,
  );
  expect(await bridge.process.stop()).toMatchObject({ code: EXIT_CODES.clean });
  await world.readToEnd(READINGS, records);
  expect(load.audit(records)).toMatchObject({ missing: [], wrong: [], duplicates: 0 });
});

test("a second SIGTERM ends it at once, and nothing is lost by that", async () => {
  const load = new Load(world.mosquitto.url);
  const bridge = await world.bridge();
  await eventually(
    "it works",
    () => bridge.metric("bridge_readings_total"),
    (count) => count > 200,
  );
  world.broker.server.pause();
  await eventually(
    "outstanding",
    () => bridge.metric("bridge_outstanding_messages"),
    (count) => count > 0,
  );
  process.kill(bridge.process.pid, "SIGTERM");
  await eventually(
    "stopping",
    () => bridge.process.log(),
    (log) => log.includes('"message":"stopping"'),
  );
  expect(bridge.process.isRunning).toBe(true);
  process.kill(bridge.process.pid, "SIGTERM");
  expect(await bridge.process.exited).toMatchObject({ code: EXIT_CODES.secondSignal });
  world.broker.server.resume();
  const next = await world.bridge();
  await load.stop();
  const records = await world.read(READINGS);
  await eventually(
    "nothing is missing",
    () => load.audit(records).missing.length,
    (count) => count === 0,
  );
  expect(load.audit(records).wrong).toEqual([]);
  await next.process.stop();
});

test("two replicas share the messages; one is drained and removed for good, and nothing is stranded", async () => {
  // A session of another bridge would take a copy of everything, also of what nobody else has subscribed yet.
  await drained({ MQTT_CLIENT_ID: "bridge-0" });
  const load = new Load(world.mosquitto.url);
  const shared = { MQTT_SUBSCRIPTION: SHARED_BRIDGE_SUBSCRIPTION };
  const [first, second] = await Promise.all([
    world.bridge({ ...shared, MQTT_CLIENT_ID: "shared-0" }),
    world.bridge({ ...shared, MQTT_CLIENT_ID: "shared-1" }),
  ]);
  for (const bridge of [first, second])
    await eventually(
      "both work",
      () => bridge.metric("bridge_readings_total"),
      (count) => count > 500,
    );
  expect(await second.process.stop()).toMatchObject({ code: EXIT_CODES.clean });
  // Mosquitto goes on dealing messages to the member that is away.
  const before = load.acknowledged;
  await eventually(
    "the load goes on",
    () => load.acknowledged,
    (count) => count > before + 1000,
  );
  await drained({ ...shared, MQTT_CLIENT_ID: "shared-1" });
  await load.stop();
  const records = await world.read(READINGS);
  await eventually(
    "nothing is missing",
    () => load.audit(records).missing.length,
    (count) => count === 0,
  );
  await first.process.stop();
  expect([await hasSession("shared-0"), await hasSession("shared-1")]).toEqual([true, false]);
  await drained({ ...shared, MQTT_CLIENT_ID: "shared-0" });
});

async function drained(environment: Readonly<Record<string, string>>): Promise<void> {
  const drain = await world.bridge({ ...environment, DRAIN: "true", DRAIN_QUIET: "500ms" });
  expect(await drain.process.exited).toMatchObject({ code: EXIT_CODES.clean });
  expect(drain.process.log()).toContain("the session is drained");
}

test("a drain that is stopped early says so by its exit code", async () => {
  const drain = await world.bridge({ MQTT_CLIENT_ID: "bridge-9", DRAIN: "true", DRAIN_QUIET: "1h" });
  expect(await drain.process.stop()).toMatchObject({ code: EXIT_CODES.forced });
});

test("PUBACKs go out in batches after Kafka's confirmation, and a reading keeps its bytes and its key", async () => {
  const bridge = await world.bridge(
    { MQTT_CLIENT_ID: "bridge-8", MQTT_SUBSCRIPTION: "sensors/+/+/one/telemetry" },
    world.proxy.port,
  );
  const pubacks: number[] = [];
  world.proxy.onChunk = (direction, chunk) => {
    if (direction === "toServer" && chunk[0] === PUBACK) pubacks.push(chunk.length / 4);
  };
  world.broker.server.pause();
  const payload = Buffer.from(`  ${reading("one", "böot", 0, systemClock.nowMs()).toString()} `);
  const client = await connectAsync(world.mosquitto.url, { protocolVersion: 5 });
  for (let copy = 0; copy < 10; copy += 1) await client.publishAsync(topicOf("one"), payload, { qos: 1 });
  await eventually(
    "ten",
    () => bridge.metric("bridge_outstanding_messages"),
    (count) => count === 10,
  );
  expect(pubacks).toEqual([]);
  world.broker.server.resume();
  await eventually(
    "acknowledged",
    () => bridge.metric("bridge_outstanding_messages"),
    (count) => count === 0,
  );
  const records = await world.read(READINGS);
  await eventually(
    "ten",
    () => records.filter(({ key }) => key === keyOf("one")).length,
    (count) => count === 10,
  );
  expect(records.filter(({ key, value }) => key === keyOf("one") && value === payload.toString()).length).toBe(10);
  expect([pubacks.reduce((sum, count) => sum + count, 0), pubacks.length < 10]).toEqual([10, true]);
  world.proxy.onChunk = undefined;
  await Promise.all([client.endAsync(), bridge.process.stop()]);
});

/** Whether the broker keeps a session for that client id; looking leaves none behind. */
async function hasSession(clientId: string): Promise<boolean> {
  const client = connect(world.mosquitto.url, { clientId, clean: false, protocolVersion: 5, reconnectPeriod: 0 });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
  const sessionPresent = await promise;
  await client.endAsync();
  return sessionPresent;
}
