import { join } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError, type Environment } from "#runtime";
import { LOCAL_DIRECTORY } from "#testkit";

/** What the person who starts the demo wants. */
export interface DemoOptions {
  /** One line a second instead of a table that is drawn again; also without a terminal. */
  readonly plain: boolean;
  /** `undefined`: until Ctrl-C. */
  readonly durationMs: number | undefined;
  /** Fleet files, relative to the working directory. */
  readonly fleets: readonly string[];
  /** Where everything is kept that servers and programs write. */
  readonly directory: string;
}

export type CommandLine =
  { readonly kind: "help"; readonly text: string } | { readonly kind: "run"; readonly options: DemoOptions };

const DEFAULT_FLEETS = ["fleets/house.yaml", "fleets/city.yaml"];

const HELP = `The whole pipeline on this machine: devices, Mosquitto, bridge, Kafka, writer, BigQuery, and the proof at the end.

  make demo                          until Ctrl-C, then the audit
  make demo DURATION=60              for a minute
  make demo ARGS="--fleet my.yaml"   your own fleet instead of ${DEFAULT_FLEETS.join(" and ")}

  --duration SECONDS   stop after so long (also the variable DURATION); 90, 90s or 5m
  --fleet FILE         a fleet file; may be given several times
  --plain              one line a second instead of a table; also without a terminal
  --help

Exit code 0: every reading that a device knows as delivered is in BigQuery, and nothing from Kafka is there twice.
`;

/** @throws ConfigError with what is wrong about the command line. */
export function readCommandLine(args: readonly string[], environment: Environment, isTerminal: boolean): CommandLine {
  const { values } = parsed(args);
  if (values.help) return { kind: "help", text: HELP };
  const duration = values.duration ?? environment["DURATION"];
  return {
    kind: "run",
    options: {
      plain: values.plain === true || !isTerminal,
      durationMs: duration === undefined || duration === "" ? undefined : durationMs(duration),
      fleets: values.fleet ?? DEFAULT_FLEETS,
      directory: demoDirectory(environment),
    },
  };
}

function parsed(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    throw new ConfigError([`${(error as Error).message} (see --help)`]);
  }
}

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  plain: { type: "boolean" },
  duration: { type: "string" },
  fleet: { type: "string", multiple: true },
} as const;

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000 };

/** A person who types `60` means seconds. */
function durationMs(text: string): number {
  const [, digits = "", unit = "s"] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  const value = Number(digits) * UNITS_MS[unit as keyof typeof UNITS_MS];
  if (digits === "" || value === 0)
    throw new ConfigError([`DURATION must be a time such as 60, 90s or 5m; given: ${text}`]);
  return value;
}

/** Its own directory, because the demo empties it, below `DEMO_PARENT_DIRECTORY` or where `make clean` looks. */
export function demoDirectory(environment: Environment): string {
  return join(environment["DEMO_PARENT_DIRECTORY"] ?? LOCAL_DIRECTORY, "demo");
}

/** What `make sql`, `make tail` and others are asked for. */
export function variable(name: "QUERY" | "TOPIC" | "FROM" | "COUNT"): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** The environment that the process was started with. */
export const environment: Environment = process.env;
