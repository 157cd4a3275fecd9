import { z } from "zod";
import {
  duration,
  list,
  loadConfig,
  runtimeVariables,
  secret,
  text,
  together,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";

/** Nobody subscribes it: the acknowledgement alone is wanted. The access rules let only the agent write there. */
export const PROBE_TOPIC = "probe/mosquitto-agent";

/** Every variable of the agent; the table in README.md is made from it. Durations are milliseconds. */
export const agentSchema = z
  .object({
    MQTT_URL: url(["mqtt:", "mqtts:"]).describe(
      "The broker beside it. A CA of one's own goes into `NODE_EXTRA_CA_CERTS`.",
    ),
    MQTT_USERNAME: text().optional().describe("With `MQTT_PASSWORD` or not at all."),
    MQTT_PASSWORD: secret().optional().describe("With `MQTT_USERNAME` or not at all."),
    WATCHED_FILES: list("paths").describe(
      "Files that the broker reads again when it is told to: users, rules, certificates.",
    ),
    WATCH_INTERVAL: duration({ min: 50, max: 600_000 }).default(1000).describe("How often they are compared."),
    CHECK_INTERVAL: duration({ min: 50, max: 600_000 })
      .default(5000)
      .describe("Pause between two checks of the broker."),
    CHECK_TIMEOUT: duration({ min: 100, max: 60_000 })
      .default(20_000)
      .describe(
        "A check that takes longer has failed: the broker hangs. Not short: one that is only slow, in a storm of connects, would be restarted for it, and everybody would connect again.",
      ),
    BROKER_PROCESS: text()
      .default("mosquitto")
      .describe("Name of the broker's process: it gets the signal, and its CPU time and memory are shown."),
    ...runtimeVariables,
  })
  .refine(...together("MQTT_USERNAME", "MQTT_PASSWORD"));

export type AgentConfig = z.output<typeof agentSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env): LoadedConfig<AgentConfig> {
  return loadConfig(agentSchema, environment, { prefixes: ["MQTT_", "WATCH", "CHECK_", "BROKER_"] });
}
