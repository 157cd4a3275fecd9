import type { z } from "zod";
import { describeVariables, type Variable } from "./config-table.ts";
import { readArguments, type Flags } from "./command-line.ts";
import { nearest } from "./nearest.ts";

/** The environment of a process, as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every problem of a configuration at once; the message lists them, one per line, without secret values. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join("\n")}`);
    this.problems = problems;
  }
}

export interface LoadedConfig<Config> {
  readonly config: Config;
  /** Variables that look like typing errors; to be logged as warnings. */
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  /** Beginnings of names that belong to the service, such as `BRIDGE_`: an unknown one is probably misspelt. */
  readonly prefixes?: readonly string[];
  /** The command line behind the program's name: what it says wins over the environment. */
  readonly args?: readonly string[];
  /** What `args` may hold. Default: nothing. */
  readonly flags?: Flags;
}

/**
 * Reads a service's configuration once, at its start. A variable that is set to the empty text counts as not set.
 * Values are never corrected quietly: what does not fit is a problem.
 *
 * @throws {ConfigError} with all problems of command line and variables, each naming the variable, what was given and what is allowed. Rules over
 * several variables (a `refine` of the object) are checked once each variable fits by itself.
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
  options: LoadOptions = {},
): LoadedConfig<z.output<z.ZodObject<Shape>>> {
  const variables = new Map(describeVariables(schema).map((variable) => [variable.name, variable]));
  const line = readArguments(options.args ?? [], options.flags);
  const set: Environment = { ...environment, ...line.variables };
  const given = Object.fromEntries(
    [...variables.keys()].map((name) => [name, set[name] === "" ? undefined : set[name]]),
  );
  const result = schema.safeParse(given);
  const wrong = result.error?.issues.map((issue) => problemText(issue, variables, given)) ?? [];
  if (!result.success || line.problems.length > 0) throw new ConfigError([...line.problems, ...wrong]);
  return { config: result.data, warnings: unknownVariables(environment, variables, options.prefixes ?? []) };
}

function problemText(issue: z.core.$ZodIssue, variables: ReadonlyMap<string, Variable>, given: Environment): string {
  const name = issue.path.join(".");
  const variable = variables.get(name);
  if (variable === undefined) return issue.message;
  const allowed = issue.message.startsWith("Invalid input") ? `must be ${variable.allowed}` : issue.message;
  return `${name} ${allowed}; ${givenText(given[name], variable.secret)}`;
}

function givenText(value: string | undefined, secret: boolean): string {
  if (value === undefined) return "it is not set";
  return secret ? "the value given is secret and not shown" : `given: ${JSON.stringify(value)}`;
}

/** What Kubernetes adds for each service of the namespace, for example `KAFKA_PORT_9092_TCP_ADDR`. */
const KUBERNETES_SERVICE_LINK = /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?$/;

function unknownVariables(
  environment: Environment,
  variables: ReadonlyMap<string, Variable>,
  prefixes: readonly string[],
): string[] {
  const unknown = Object.keys(environment).filter(
    (name) =>
      !variables.has(name) && prefixes.some((prefix) => name.startsWith(prefix)) && !KUBERNETES_SERVICE_LINK.test(name),
  );
  return unknown.map((name) => {
    const known = nearest(name, [...variables.keys()]);
    return `${name} is not a variable of this service${known === undefined ? "" : `; did you mean ${known}?`}`;
  });
}
