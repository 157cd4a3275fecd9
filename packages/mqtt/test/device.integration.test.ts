import { randomUUID } from "node:crypto";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Device, isLoginRefused, mqttErrors } from "#mqtt";
import { systemClock } from "#runtime";
import { eventually, startMosquitto, TcpProxy, type Mosquitto } from "#testkit";
import { StandInBroker } from "./stand-in-broker.ts";

let broker: Mosquitto;
let proxy: TcpProxy;
beforeAll(async () => {
  broker = await startMosquitto({ settings: ["allow_anonymous true", "max_inflight_messages 5"] });
  proxy = await TcpProxy.start(broker.port);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await broker.server[Symbol.asyncDispose]();
});

function device(options: { port?: number; topic?: string; maxInFlight?: number } = {}): Promise<Device> {
  const { port = broker.port, topic = "wills", maxInFlight = 100 } = options;
  return Device.connect({
    connection: {
      url: `mqtt://127.0.0.1:${port}`,
      clientId: randomUUID(),
      keepaliveSeconds: 60,
      sessionExpirySeconds: 60,
      will: { topic, payload: Buffer.from("gone") },
    },
    maxInFlight,
    clock: systemClock,
  });
}

async function subscriber(topic: string) {
  const seen: string[] = [];
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  client.on("message", (_topic, payload) => seen.push(payload.toString()));
  await client.subscribeAsync(topic, { qos: 1 });
  return { client, seen };
}

test("a publish is delivered when somebody is subscribed, and an error when nobody is", async () => {
  const topic = randomUUID();
  const sender = await device();
  await expect(sender.publish(topic, Buffer.from("lost"))).rejects.toSatisfy((error) =>
    mqttErrors.is(error, "MQTT_NO_SUBSCRIBERS"),
  );
  const { client, seen } = await subscriber(topic);
  await Promise.all(["1", "2", "3"].map((text) => sender.publish(topic, Buffer.from(text))));
  await eventually(
    "all are there",
    () => seen.join(),
    (text) => text === "1,2,3",
  );
  await Promise.all([sender.disconnect(), client.endAsync()]);
});

test("publishes in flight are bounded by the device and by the broker's Receive Maximum", async () => {
  const topic = randomUUID();
  const { client } = await subscriber(topic);
  for (const [maxInFlight, bound] of [
    [2, 2],
    [100, 5],
  ] as const) {
    const sender = await device({ maxInFlight });
    const sent = Array.from({ length: bound }, () => sender.publish(topic, Buffer.from("x")));
    expect([sender.inFlight, sender.hasRoom]).toEqual([bound, false]);
    await expect(sender.publish(topic, Buffer.from("x"))).rejects.toSatisfy((error) =>
      mqttErrors.is(error, "MQTT_IN_FLIGHT_FULL"),
    );
    await Promise.all(sent);
    expect([sender.inFlight, sender.hasRoom]).toEqual([0, true]);
    await sender.disconnect();
  }
  await client.endAsync();
});

test("a connection that breaks before the PUBACK is an unknown outcome for every publish in flight", async () => {
  const sender = await device({ port: proxy.port });
  proxy.stall("toClient");
  const sent = [1, 2, 3].map(() => sender.publish("t", Buffer.from("x")));
  const outcomes = Promise.allSettled(sent);
  proxy.breakConnections();
  proxy.heal();
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "MQTT_NOT_ACKNOWLEDGED" } });
  await sender.closed;
  expect(sender.isConnected).toBe(false);
  await expect(sender.publish("t", Buffer.from("x"))).rejects.toMatchObject({ code: "MQTT_NOT_ACKNOWLEDGED" });
});

test("the will is published after a break and not after a goodbye", async () => {
  const topic = randomUUID();
  const { client, seen } = await subscriber(topic);
  const polite = await device({ topic });
  await polite.disconnect();
  const broken = await device({ topic });
  broken.break();
  await eventually("the will is there", () => seen.length, Boolean);
  await client.publishAsync(topic, "end", { qos: 1 });
  await eventually(
    "the end is there",
    () => seen.join(),
    (text) => text === "gone,end",
  );
  await client.endAsync();
});

test("no broker is an error, and no refusal", async () => {
  const error = await device({ port: 1 }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "MQTT_CONNECTION_FAILED", details: {} });
  expect(isLoginRefused(error)).toBe(false);
});

test("Mosquitto refuses a wrong login with a reason code", async () => {
  const strict = await startMosquitto({ settings: ["allow_anonymous false"] });
  const error = await device({ port: strict.port }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "MQTT_CONNECTION_FAILED", details: { reasonCode: 0x87 } });
  expect(isLoginRefused(error)).toBe(true);
  await strict.server[Symbol.asyncDispose]();
});

test.each([
  [0x86, true],
  [0x87, true],
  [0x88, false],
  [0x97, false],
])("a CONNACK with %i says whether the login was refused: %s", async (connackCode, isRefused) => {
  await using refusing = await StandInBroker.start({ connackCode, subackCode: 1 });
  const error = await device({ port: Number(new URL(refusing.url).port) }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "MQTT_CONNECTION_FAILED", details: { reasonCode: connackCode } });
  expect(isLoginRefused(error)).toBe(isRefused);
  expect(refusing.connections).toBe(1);
});
