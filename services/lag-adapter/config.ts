import { z } from "zod";
import { kafkaGroups, kafkaTopics } from "#events";
import { addresses, duration, list, loadConfig, runtimeVariables, type Environment, type LoadedConfig } from "#runtime";
import type { LagTarget } from "./lag-watch.ts";

const NAME = "[A-Za-z0-9._-]{1,249}";

/** Every variable of the lag adapter; the table in README.md is made from it. Durations are milliseconds. */
export const lagSchema = z.object({
  KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
  LAG_TARGETS: list("group:topic", new RegExp(`^${NAME}:${NAME}$`))
    .default([`${kafkaGroups.writer}:${kafkaTopics.readings.name}`])
    .describe("Whose lag in which topic, `group:topic` separated by commas."),
  POLL_INTERVAL: duration({ min: 100, max: 60_000 }).default(5000).describe("How often Kafka is asked."),
  HOLD: duration({ min: 0, max: 600_000 })
    .default(60_000)
    .describe("How long the last good value is served when Kafka does not answer; then there is none."),
  ...runtimeVariables,
});

export type LagConfig = z.output<typeof lagSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env): LoadedConfig<LagConfig> {
  return loadConfig(lagSchema, environment, { prefixes: ["KAFKA_", "LAG_", "POLL_", "HOLD"] });
}

export function targetsOf({ LAG_TARGETS }: Pick<LagConfig, "LAG_TARGETS">): LagTarget[] {
  return LAG_TARGETS.map((text) => {
    const [group = "", topic = ""] = text.split(":");
    return { group, topic };
  });
}
