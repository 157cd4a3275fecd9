import { expect, test } from "vitest";
import { BRIDGE_SUBSCRIPTION } from "#events";
import { ConfigError } from "#runtime";
import { readConfig } from "../config.ts";

const needed = { MQTT_URL: "mqtt://broker:1883", MQTT_CLIENT_ID: "bridge-0", KAFKA_BROKERS: "a:9092,b:9092" };

test("the defaults are those of the design", () => {
  expect(readConfig(needed).config).toMatchObject({
    MQTT_SUBSCRIPTION: BRIDGE_SUBSCRIPTION,
    MQTT_SESSION_EXPIRY: 7 * 86_400_000,
    MAX_OUTSTANDING: 2000,
    KAFKA_BROKERS: ["a:9092", "b:9092"],
    DRAIN: false,
  });
});

test.each([
  ["nothing", {}, ["MQTT_URL", "MQTT_CLIENT_ID", "KAFKA_BROKERS"]],
  ["a user without a password", { ...needed, MQTT_USERNAME: "x" }, ["MQTT_USERNAME and MQTT_PASSWORD"]],
  ["half a second", { ...needed, MQTT_KEEPALIVE: "1500ms" }, ["whole seconds"]],
  ["a bound that MQTT cannot express", { ...needed, MAX_OUTSTANDING: "65536" }, ["MAX_OUTSTANDING"]],
  ["credentials in the URL", { ...needed, MQTT_URL: "mqtt://user:secret@broker" }, ["MQTT_URL"]],
])("%s is refused with what to change", (_name, environment, mentions) => {
  const read = (): unknown => readConfig(environment);
  expect(read).toThrow(ConfigError);
  for (const mention of mentions) expect(read).toThrow(mention);
});
