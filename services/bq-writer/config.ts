import { z } from "zod";
import { bigQueryNames, kafkaGroups, kafkaTopics } from "#events";
import {
  addresses,
  asksForHelp,
  boolean,
  bytes,
  choice,
  duration,
  helpText,
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
import { WRITE_MODES } from "./commit-metadata.ts";

/** Every variable of the writer; the table in README.md is made from it. Durations are milliseconds. */
export const writerSchema = z
  .object({
    KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
    KAFKA_TOPIC: text().default(kafkaTopics.readings.name).describe("Topic that is read."),
    KAFKA_GROUP: text()
      .default(kafkaGroups.writer)
      .describe("Consumer group; writers of one group share the partitions."),
    KAFKA_SESSION_TIMEOUT: duration({ min: 1000, max: 600_000 })
      .default(30_000)
      .describe("After this long without a sign of life Kafka gives this member's partitions to others."),
    MEMBER_NAME: text("1 to 249 letters, digits, dots, dashes or underscores", /^[A-Za-z0-9._-]{1,249}$/)
      .default("bq-writer")
      .describe("Name of this replica that survives its restart (the pod's): it then gets its partitions back."),
    BIGQUERY_PROJECT: text().describe("Project of the table."),
    BIGQUERY_DATASET: text().default(bigQueryNames.dataset).describe("Dataset of the table."),
    BIGQUERY_LOCATION: text()
      .optional()
      .describe(
        "Where the dataset is made, if it is missing, for example `europe-west1` or `EU`; none given: BigQuery's default, US.",
      ),
    BIGQUERY_TABLE: text().default(bigQueryNames.events).describe("Table that is written."),
    BIGQUERY_REST_ENDPOINT: url(["http:", "https:"])
      .optional()
      .describe(
        "REST API other than Google's, for example the embedded BigQuery. With `BIGQUERY_GRPC_ENDPOINT` or not at all.",
      ),
    BIGQUERY_GRPC_ENDPOINT: text("host:port", /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):\d{1,5}$/)
      .optional()
      .describe("Storage Write API other than Google's, `host:port`, without TLS."),
    BIGQUERY_TOKEN: secret().optional().describe("Bearer token for these two."),
    CREATE_TABLES: boolean()
      .default(false)
      .describe("Make dataset, table and views at the start if they are missing; also `--create-tables`."),
    WRITE_MODE: choice(WRITE_MODES)
      .default("exactly-once")
      .describe("`at-least-once` uses the default stream. Change it only when the group was stopped in order."),
    FLUSH_INTERVAL: duration({ min: 1, max: 60_000 })
      .default(75)
      .describe("Longest time that a row waits for others to share its append."),
    MAX_APPEND_ROWS: integer({ min: 1, max: 50_000 }).default(5000).describe("Most rows of one append."),
    MAX_APPEND_BYTES: bytes({ min: 1024, max: 8 * 1024 * 1024 })
      .default(1024 * 1024)
      .describe("Most bytes of one append; BigQuery takes 10 MB."),
    MAX_IN_FLIGHT_APPENDS: integer({ min: 1, max: 1000 })
      .default(32)
      .describe("Most appends of the process without an answer."),
    MAX_IN_FLIGHT_BYTES: bytes({ min: 1024 })
      .default(32 * 1024 * 1024)
      .describe("The same in bytes of rows."),
    MAX_HELD_BYTES: bytes({ min: 1024 })
      .default(8 * 1024 * 1024)
      .describe("Bytes of rows that wait or are under way before fetching pauses; each partition has an equal share."),
    MAX_ROWS_PER_SECOND: integer({ min: 1 })
      .optional()
      .describe("Most rows of this process per second, to stay inside a quota."),
    APPEND_TIMEOUT: duration({ min: 100, max: 600_000 })
      .default(30_000)
      .describe("After this long without an answer the connection is given up and the append sent again."),
    COMMIT_INTERVAL: duration({ min: 10, max: 60_000 })
      .default(1000)
      .describe("Time between two commits of a partition."),
    IDLE_TIMEOUT: duration({ min: 1000 })
      .default(3_600_000)
      .describe("A partition without rows for this long gives its write stream back."),
    ...runtimeVariables,
  })
  .refine(...together("BIGQUERY_REST_ENDPOINT", "BIGQUERY_GRPC_ENDPOINT"));

export type WriterConfig = z.output<typeof writerSchema>;

/** What the command line asks for. */
export type CommandLine =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; load(): LoadedConfig<WriterConfig> };

/** `--help`, and `--create-tables` in place of its variable; anything else is a ConfigError, raised by `load`. */
export function readCommandLine(
  args: readonly string[] = process.argv.slice(2),
  environment: Environment = process.env,
): CommandLine {
  if (asksForHelp(args)) return { kind: "help", text: helpText(HELP) };
  return {
    kind: "run",
    load: () =>
      loadConfig(writerSchema, environment, {
        prefixes: ["KAFKA_", "BIGQUERY_", "MAX_"],
        args,
        flags: { "create-tables": { variable: "CREATE_TABLES", type: "boolean" } },
      }),
  };
}

const HELP = {
  summary: "Writes every reading in Kafka to BigQuery, exactly once.",
  usage: "KAFKA_BROKERS=localhost:9092 BIGQUERY_PROJECT=my-project npx node services/bq-writer/main.ts --create-tables",
  schema: writerSchema,
  notes: [
    "--create-tables makes dataset, table and views first if they are missing.",
    "Exit codes: 0 stopped in order; 1 fatal, such as a table that differs; 2 configuration; 3 not everything was stored in time; 4 second signal.",
  ],
};
