import { z } from "zod";
import {
  boolean,
  duration,
  loadConfig,
  runtimeVariables,
  together,
  type Environment,
  type LoadedConfig,
} from "#runtime";
import { writerSchema } from "../config.ts";

const { KAFKA_BROKERS, KAFKA_TOPIC, KAFKA_GROUP, WRITE_MODE } = writerSchema.shape;
const { BIGQUERY_PROJECT, BIGQUERY_DATASET, BIGQUERY_TABLE } = writerSchema.shape;
const { BIGQUERY_REST_ENDPOINT, BIGQUERY_GRPC_ENDPOINT, BIGQUERY_TOKEN } = writerSchema.shape;
const { LOG_LEVEL } = runtimeVariables;

/** Every variable of reappend: the writer's own, as far as they say where things are, and what is asked for. */
export const reappendSchema = z
  .object({
    ...{ KAFKA_BROKERS, KAFKA_TOPIC, KAFKA_GROUP },
    ...{ BIGQUERY_PROJECT, BIGQUERY_DATASET, BIGQUERY_TABLE },
    ...{ BIGQUERY_REST_ENDPOINT, BIGQUERY_GRPC_ENDPOINT, BIGQUERY_TOKEN, WRITE_MODE },
    SINCE: duration({ min: 1, max: Infinity }).describe(
      "Append again what Kafka took in this time before now, such as `2h` or `7d`.",
    ),
    DRY_RUN: boolean().default(false).describe("Say what would be done, and do nothing."),
    LOG_LEVEL,
  })
  .refine(...together("BIGQUERY_REST_ENDPOINT", "BIGQUERY_GRPC_ENDPOINT"));

export type ReappendConfig = z.output<typeof reappendSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(
  environment: Environment = process.env,
  args: readonly string[] = [],
): LoadedConfig<ReappendConfig> {
  return loadConfig(reappendSchema, environment, { prefixes: ["KAFKA_", "BIGQUERY_"], args });
}

/** What `--help` prints. */
export const HELP = {
  summary: "Makes the writers append again what they have written before, because its rows are gone.",
  usage:
    "SINCE=2h KAFKA_BROKERS=localhost:9092 BIGQUERY_PROJECT=my-project npx node services/bq-writer/reappend/main.ts",
  schema: reappendSchema,
  notes: [
    "Stop the writers first, start them afterwards. Refused while the table still holds any of these rows.",
    "Exit codes: 0 done, or nothing to do; 1 refused or failed, and nothing was changed unless it says so; 2 configuration.",
  ],
};
