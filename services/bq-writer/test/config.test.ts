import { expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { readCommandLine } from "../config.ts";

const MINIMAL = { KAFKA_BROKERS: "kafka:9092", BIGQUERY_PROJECT: "p" };

function load(args: readonly string[], environment: Record<string, string>): object {
  const command = readCommandLine(args, environment);
  if (command.kind === "help") throw new Error("help");
  return command.load().config;
}

test("two variables are enough", () => {
  expect(load([], MINIMAL)).toMatchObject({
    KAFKA_GROUP: "bq-writer",
    BIGQUERY_DATASET: "iot_raw",
    BIGQUERY_LOCATION: undefined,
    BIGQUERY_TABLE: "iot_events",
    WRITE_MODE: "exactly-once",
    CREATE_TABLES: false,
    MAX_ROWS_PER_SECOND: undefined,
  });
});

test("--create-tables is the same as its variable", () => {
  expect(load(["--create-tables"], MINIMAL)).toMatchObject({ CREATE_TABLES: true });
  expect(load([], { ...MINIMAL, CREATE_TABLES: "true" })).toMatchObject({ CREATE_TABLES: true });
});

test("the dataset's location is taken as it is written", () => {
  expect(load([], { ...MINIMAL, BIGQUERY_LOCATION: "europe-west1" })).toMatchObject({
    BIGQUERY_LOCATION: "europe-west1",
  });
});

test.each([
  ["an unknown flag", ["--create-table"], MINIMAL, "--create-table is no flag of this program"],
  ["one endpoint without the other", [], { ...MINIMAL, BIGQUERY_REST_ENDPOINT: "http://h:1" }, "belong together"],
  ["an append larger than BigQuery takes", [], { ...MINIMAL, MAX_APPEND_BYTES: "11MiB" }, "MAX_APPEND_BYTES"],
  ["no brokers", [], { BIGQUERY_PROJECT: "p" }, "KAFKA_BROKERS"],
])("%s is a problem", (_name, args, environment, message) => {
  expect(() => load(args, environment)).toThrow(ConfigError);
  expect(() => load(args, environment)).toThrow(message);
});

test("--help names every variable", () => {
  const command = readCommandLine(["--help"], {});
  expect(command).toMatchObject({ kind: "help", text: expect.stringContaining("MAX_ROWS_PER_SECOND") as string });
});
