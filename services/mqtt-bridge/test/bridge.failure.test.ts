import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { Load, type Audit } from "./load.ts";
import { World, type RunningBridge } from "./world.ts";

const READINGS = kafkaTopics.readings.name;
const PUBACK = 0x40;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Ends the load, waits until all of it is in Kafka, stops the bridge cleanly, and compares everything. */
async function settle(load: Load, bridge: RunningBridge): Promise<Audit> {
  await load.stop();
  const records = await world.read(READINGS);
  await eventually(
    "nothing is missing",
    () => load.audit(records).missing,
    (missing) => missing.length === 0,
    {
      timeoutMs: 60_000,
      intervalMs: 500,
    },
  );
  await eventually(
    "all acknowledged",
    () => bridge.metric("bridge_outstanding_messages"),
    (count) => count === 0,
  );
  expect(await bridge.process.stop()).toMatchObject({ code: 0 });
  await world.readToEnd(READINGS, records);
  return load.audit(records);
}

test.each([
  // The PUBACKs are confirmed by Kafka and never reach Mosquitto: the widest gap for duplicates.
  ["between Kafka's confirmation and the PUBACK", true],
  // The PUBACKs do reach Mosquitto: whatever was acknowledged too early is lost now.
  ["just after the PUBACK", false],
])("kill -9 %s, ten times under load: nothing lost, duplicates bounded", async (_name, isCut) => {
  const bound = 300;
  const environment = { MAX_OUTSTANDING: String(bound) };
  const kills = 10;
  let bridge = await world.bridge(environment, world.proxy.port);
  const load = new Load(world.mosquitto.url);
  for (let kill = 0; kill < kills; kill += 1) {
    await systemClock.sleep(300 + 137 * (kill % 4));
    const { promise: killed, resolve } = Promise.withResolvers<Promise<unknown>>();
    const { process } = bridge;
    world.proxy.onChunk = (direction, chunk) => {
      if (direction !== "toServer" || chunk[0] !== PUBACK) return;
      world.proxy.onChunk = undefined;
      if (isCut) world.proxy.breakConnections();
      resolve(process.kill());
    };
    await await killed;
    bridge = await world.bridge(environment, world.proxy.port);
  }
  const audit = await settle(load, bridge);
  console.log(
    `kill -9, ${isCut ? "cut" : "not cut"}: ${audit.acknowledged} acknowledged, ${audit.duplicates} duplicates in ${kills} kills`,
  );
  expect(audit).toMatchObject({ missing: [], wrong: [] });
  expect(audit.acknowledged).toBeGreaterThan(5000);
  if (isCut) expect(audit.duplicates).toBeGreaterThanOrEqual(kills);
  expect(audit.duplicates).toBeLessThanOrEqual(kills * bound);
});

test.each([
  // The broker heeds Receive Maximum, so the socket is read on, and the keepalive with it.
  ["the bound in messages", { MAX_OUTSTANDING: "2000", MAX_OUTSTANDING_BYTES: "32MiB" }, 0],
  // The broker goes on sending: the bridge stops reading, and leaves before the keepalive fails.
  ["the bound in bytes", { MAX_OUTSTANDING: "300", MAX_OUTSTANDING_BYTES: "20KiB" }, 1],
])("Kafka down for longer than the MQTT keepalive, %s: nothing lost and in order", async (_name, bounds, leaves) => {
  const [bound, keepaliveSeconds] = [Number(bounds.MAX_OUTSTANDING), 2];
  const bridge = await world.bridge({ ...bounds, MQTT_KEEPALIVE: `${keepaliveSeconds}s` });
  const load = new Load(world.mosquitto.url);
  await eventually(
    "some are through",
    () => bridge.metric("bridge_readings_total"),
    (count) => count > 1000,
  );
  await world.broker.server.kill();
  const atBound = leaves === 0 ? bound : 80;
  await eventually(
    "at the bound",
    () => bridge.metric("bridge_outstanding_messages"),
    (count) => count >= atBound,
  );
  const outstanding: number[] = [];
  const memoryMiB: number[] = [];
  for (let second = 0; second < keepaliveSeconds * 4; second += 1) {
    outstanding.push(await bridge.metric("bridge_outstanding_messages"));
    memoryMiB.push((await bridge.metric("process_resident_memory_bytes")) / 1024 ** 2);
    await systemClock.sleep(1000);
  }
  // Flat while the broker's queue grows; the bound in bytes holds about a hundred readings.
  expect(Math.max(...outstanding)).toBeLessThanOrEqual(leaves === 0 ? bound : 130);
  expect(new Set(outstanding.slice(1)).size).toBe(1);
  expect(Math.max(...memoryMiB)).toBeLessThan(200);
  await world.broker.server.start();
  await eventually("ready again", () => bridge.ready(), Boolean, { timeoutMs: 60_000 });
  await systemClock.sleep(1000);
  const [retreats, connections, replacements] = await Promise.all(
    ["bridge_mqtt_retreats_total", "bridge_mqtt_connections_total", "bridge_producer_replacements_total"].map((name) =>
      bridge.metric(name),
    ),
  );
  const audit = await settle(load, bridge);
  const memory = memoryMiB.map((size) => size.toFixed(0)).join(" ");
  console.log(
    `Kafka down: ${audit.duplicates} duplicates; memory ${memory} MiB; ${JSON.stringify({ retreats, connections, replacements })}`,
  );
  expect(audit).toMatchObject({ missing: [], wrong: [] });
  expect(retreats).toBeGreaterThanOrEqual(leaves);
  expect(audit.duplicates).toBeLessThanOrEqual((connections! - 1) * bound + replacements! * bound);
});

test("Mosquitto stopped and started under load: nothing lost", async () => {
  const bridge = await world.bridge();
  const load = new Load(world.mosquitto.url);
  for (let round = 0; round < 3; round += 1) {
    await systemClock.sleep(1500);
    expect(await world.mosquitto.server.stop()).toMatchObject({ code: 0 });
    await systemClock.sleep(300);
    await world.mosquitto.server.start();
    await eventually("ready again", () => bridge.ready(), Boolean, { timeoutMs: 30_000 });
  }
  const before = load.acknowledged;
  await eventually(
    "the load goes on",
    () => load.acknowledged,
    (count) => count > before + 500,
  );
  const audit = await settle(load, bridge);
  console.log(`Mosquitto restarted: ${audit.acknowledged} acknowledged, ${audit.duplicates} duplicates`);
  expect(audit).toMatchObject({ missing: [], wrong: [] });
});
