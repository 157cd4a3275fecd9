import {
  asksForHelp,
  boolean,
  configTable,
  describeVariables,
  duration,
  type Environment,
  flagName,
  type Flags,
  helpText,
  integer,
  loadConfig,
  type LoadedConfig,
  port,
  runtimeVariables,
  secret,
  text,
} from "#runtime";
import { z } from "zod";
import { isLoopback, LOOPBACK } from "./loopback.ts";

/** Where it listens without being told; the same ports that other BigQuery emulators use. */
export const DEFAULT_REST_PORT = 9050;
export const DEFAULT_GRPC_PORT = 9060;

/** Every variable of the embedded BigQuery; each is a flag too. Durations are milliseconds. */
export const bigQuerySchema = z
  .object({
    ...runtimeVariables,
    DATA_DIR: text().describe("Directory of the database; made if it is missing."),
    HOST: text()
      .default(LOOPBACK)
      .describe("Address that REST and gRPC listen on. Beyond loopback BEARER_TOKEN is required."),
    REST_PORT: port().default(DEFAULT_REST_PORT).describe("Port of the REST API; 0 takes any free one."),
    GRPC_PORT: port().default(DEFAULT_GRPC_PORT).describe("Port of the Storage Write API; 0 takes any free one."),
    BEARER_TOKEN: secret().optional().describe("Refuse requests without `Authorization: Bearer …` of this token."),
    MEMORY_LIMIT_MIB: integer({ min: 64, max: 65_536 })
      .default(128)
      .describe("Memory that DuckDB may use, MiB; queries beyond it spill to disk."),
    THREADS: integer({ min: 1, max: 64 }).default(2).describe("Threads of a query."),
    SWEEP_INTERVAL: duration({ min: 1000 })
      .default(600_000)
      .describe("How often rows of expired partitions are deleted."),
    FAULT_ADMIN: boolean().default(false).describe("Serve faults on demand over HTTP, on loopback only; for tests."),
    FAULT_ADMIN_PORT: port().default(0).describe("Port of the fault server; 0 takes any free one."),
  })
  .refine((config) => isLoopback(config.HOST) || config.BEARER_TOKEN !== undefined, {
    path: ["BEARER_TOKEN"],
    message: "must be set when HOST is not a loopback address",
  });

/** The environment that the process was started with. */
export const environment: Environment = process.env;

export type BigQueryConfig = z.output<typeof bigQuerySchema>;

/** What the command line asks for: to run, or to print help. */
export type CommandLine =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; load(): LoadedConfig<BigQueryConfig> };

/**
 * Reads the command line. Each variable of the environment is a flag too (`REST_PORT` is `--rest-port`), and the flag
 * wins. An unknown one is a ConfigError, raised by `load`.
 */
export function readCommandLine(args: readonly string[], environment: Environment): CommandLine {
  if (asksForHelp(args)) return { kind: "help", text: helpText(HELP) };
  return { kind: "run", load: () => loadConfig(bigQuerySchema, environment, { args, flags: FLAGS }) };
}

/** The Markdown table of all settings, for the README. */
export function settingsTable(): string {
  return configTable(bigQuerySchema);
}

const FLAGS: Flags = Object.fromEntries(
  describeVariables(bigQuerySchema).map(({ name }) => [flagName(name), { variable: name, type: "string" }]),
);

const HELP = {
  summary: "An embedded BigQuery: DuckDB behind BigQuery's REST API and Storage Write API.",
  usage: "node local/bigquery/main.ts --data-dir DIR [--rest-port N] [--grpc-port N] ...",
  schema: bigQuerySchema,
  label: (name: string): string => `--${flagName(name)}`,
  notes: ["Each flag can also be given as an environment variable: --rest-port is REST_PORT."],
};
