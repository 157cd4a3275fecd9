/** The rules of the manifests on a real Mosquitto: what they let happen, and that they outlive a restart with a reload. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type MqttClient } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, mosquittoPasswordLine, startMosquitto, temporaryDirectory, type Mosquitto } from "#testkit";
import { READER } from "../../operator/api/names.ts";
import { RULES } from "../parts/mosquitto.ts";

const READING = "sensors/city/park/s1/telemetry";
const NOT_AUTHORIZED = 0x87;

let directory: string;
let mosquitto: Mosquitto;
beforeAll(async () => {
  directory = temporaryDirectory("mosquitto-rules");
  mosquitto = await start(RULES);
});
afterAll(() => mosquitto.server.stop());

test("a tenant writes to its own topics and to no other's", async () => {
  const device = await as("city", "device");
  expect(await publish(device, READING)).toBeLessThan(0x80);
  expect(await publish(device, READING.replace("city", "house"))).toBe(NOT_AUTHORIZED);
  await device.endAsync();
});

test("what tenants send is read by the reader alone", async () => {
  const [reader, tenant, device] = await Promise.all([as(READER, "bridge"), as("house", "spy"), as("city", "device")]);
  const read: string[] = [];
  const spied: string[] = [];
  reader.on("message", (topic) => read.push(topic));
  tenant.on("message", (topic) => spied.push(topic));
  await reader.subscribeAsync("sensors/+/+/+/telemetry", { qos: 1 });
  await tenant.subscribeAsync("#", { qos: 1 });
  await publish(device, READING);
  await eventually("the reader has it", () => read.length === 1);
  expect(spied).toEqual([]);
  await Promise.all([reader, tenant, device].map((client) => client.endAsync()));
});

test("what comes after a restart and a reload, before the reader is back, waits for it", async () => {
  const reader = await as(READER, "bridge");
  await reader.subscribeAsync("sensors/+/+/+/telemetry", { qos: 1 });
  await reader.endAsync();
  await mosquitto.server.stop();
  await mosquitto.server.start();
  process.kill(mosquitto.server.process.pid, "SIGHUP");
  await eventually("the rules were read again", () => mosquitto.server.process.log().includes("Reloading config"));
  const device = await as("city", "device");
  expect(await publish(device, READING)).toBeLessThan(0x80);
  await device.endAsync();
  const delivered = Promise.withResolvers<string>();
  const back = await as(READER, "bridge", (client) => client.on("message", (topic) => delivered.resolve(topic)));
  expect(await delivered.promise).toBe(READING);
  await back.endAsync();
});

async function start(rules: string): Promise<Mosquitto> {
  const [passwords, ruleFile] = [join(directory, "passwords"), join(directory, "rules")];
  writeFileSync(passwords, [READER, "city", "house"].map((user) => mosquittoPasswordLine(user, user)).join(""), {
    mode: 0o600,
  });
  writeFileSync(ruleFile, rules, { mode: 0o600 });
  return startMosquitto({ settings: ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${ruleFile}`] });
}

/** A client whose session outlives its connection. `prepare` comes before the connection, and the first message. */
async function as(
  user: string,
  clientId: string,
  prepare: (client: MqttClient) => unknown = () => 0,
): Promise<MqttClient> {
  const client = connect(mosquitto.url, {
    ...{ clientId, username: user, password: user, protocolVersion: 5, clean: false, reconnectPeriod: 0 },
    properties: { sessionExpiryInterval: 3600 },
  });
  prepare(client);
  await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));
  return client;
}

/** The reason code of the PUBACK. */
function publish(client: MqttClient, topic: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client.publish(topic, "{}", { qos: 1 }, (error) => {
      if (!error) resolve(0);
      else if ("code" in error && typeof error.code === "number") resolve(error.code);
      else reject(error);
    });
  });
}
