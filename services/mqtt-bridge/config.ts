import { z } from "zod";
import { BRIDGE_SUBSCRIPTION } from "#events";
import {
  addresses,
  boolean,
  bytes,
  duration,
  integer,
  loadConfig,
  runtimeVariables,
  secret,
  text,
  together,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";

/** Every variable of the bridge; the table in README.md is made from it. Durations are milliseconds. */
export const bridgeSchema = z
  .object({
    MQTT_URL: url(["mqtt:", "mqtts:"]).describe("The broker. A CA of one's own goes into `NODE_EXTRA_CA_CERTS`."),
    MQTT_CLIENT_ID: text("1 to 64 letters, digits, dots, dashes or underscores", /^[A-Za-z0-9._-]{1,64}$/).describe(
      "Names the session in the broker: stable for each replica (the pod's ordinal) and never shared.",
    ),
    MQTT_USERNAME: text().optional().describe("With `MQTT_PASSWORD` or not at all."),
    MQTT_PASSWORD: secret().optional().describe("With `MQTT_USERNAME` or not at all."),
    MQTT_SUBSCRIPTION: text()
      .default(BRIDGE_SUBSCRIPTION)
      .describe(
        "Topic filter of the only replica; several need `$share/<group>/` before it, which divides the messages among them.",
      ),
    MQTT_KEEPALIVE: duration({ min: 1000, max: 65_535_000 })
      .default(60_000)
      .describe("Whole seconds. Kafka may be silent for 0.4 of it before the bridge disconnects on purpose."),
    MQTT_SESSION_EXPIRY: duration({ min: 1000, max: 0xffff_ffff * 1000 })
      .default(7 * 86_400_000)
      .describe("Whole seconds that the broker keeps the session, and its messages, while the bridge is away."),
    MAX_OUTSTANDING: integer({ min: 1, max: 65_535 })
      .default(2000)
      .describe("Most messages taken from the broker and not acknowledged; also most duplicates of a crash."),
    MAX_OUTSTANDING_BYTES: bytes({ min: 1 })
      .default(32 * 1024 * 1024)
      .describe("The same in bytes of payload; one message may go over it."),
    KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
    DRAIN: boolean()
      .default(false)
      .describe("Empty this client id's session and end it, then exit: before a replica is removed for good."),
    DRAIN_QUIET: duration({ min: 100 })
      .default(10_000)
      .describe("With `DRAIN`: the session counts as empty after this long without a message."),
    ...runtimeVariables,
  })
  .refine(...together("MQTT_USERNAME", "MQTT_PASSWORD"))
  .refine((config) => config.MQTT_KEEPALIVE % 1000 === 0 && config.MQTT_SESSION_EXPIRY % 1000 === 0, {
    message: "MQTT_KEEPALIVE and MQTT_SESSION_EXPIRY must be whole seconds: MQTT knows no fractions",
  });

export type BridgeConfig = z.output<typeof bridgeSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env): LoadedConfig<BridgeConfig> {
  return loadConfig(bridgeSchema, environment, { prefixes: ["MQTT_", "KAFKA_", "MAX_", "DRAIN"] });
}
