import { z } from "zod";
import { KAFKA_SEGMENT_BYTES } from "#events";
import {
  addresses,
  bytes,
  duration,
  integer,
  loadConfig,
  runtimeVariables,
  type Environment,
  type LoadedConfig,
} from "#runtime";

const { LOG_LEVEL } = runtimeVariables;

/** Every variable of the command; the table in README.md is made from it. Durations are milliseconds. */
export const topicsSchema = z.object({
  KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
  REPLICATION_FACTOR: integer({ min: 1, max: 15 })
    .optional()
    .describe("Copies of each new topic; none given: the cluster's own default."),
  RETENTION_BYTES: bytes({ min: KAFKA_SEGMENT_BYTES })
    .optional()
    .describe(
      "Most bytes of each partition of `readings`, and of every other topic that keeps by time; none given: only time bounds a new one, and an old one keeps its bound.",
    ),
  WAIT: duration({ min: 1000, max: 3_600_000 }).default(600_000).describe("How long Kafka may take to come up."),
  LOG_LEVEL,
});

export type TopicsConfig = z.output<typeof topicsSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(
  environment: Environment = process.env,
  args: readonly string[] = [],
): LoadedConfig<TopicsConfig> {
  return loadConfig(topicsSchema, environment, { prefixes: ["KAFKA_", "REPLICATION_", "RETENTION_"], args });
}

/** What `--help` prints. */
export const HELP = {
  summary: "Makes the Kafka topics that are missing, checks the others, bounds the bytes of all, and ends.",
  usage: "KAFKA_BROKERS=localhost:9092 npx node services/kafka-topics/main.ts",
  schema: topicsSchema,
  notes: ["Exit codes: 0 all topics are as they should be; 1 they are not, or Kafka did not come up; 2 configuration."],
};
