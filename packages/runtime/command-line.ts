import { parseArgs } from "node:util";
import { nearest } from "./nearest.ts";

/** What may stand on a command line, by the flag's name without dashes: each flag gives a variable its value. */
export type Flags = Readonly<Record<string, Flag>>;

export interface Flag {
  readonly variable: string;
  /** A `boolean` flag stands alone and says `true`; a `string` is followed by the value. */
  readonly type: "boolean" | "string";
}

/** A command line as variables, and whatever is wrong about it. */
export interface ReadArguments {
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

/**
 * Reads the arguments behind the program's name. Without flags every argument is a problem: most programs are set by
 * environment variables only, and an argument that is passed over looks as if it worked.
 */
export function readArguments(args: readonly string[], flags: Flags = {}): ReadArguments {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]));
  const known = new Map(Object.entries(flags));
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  // Not strict: that would stop at the first problem.
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind === "option-terminator") continue;
    const flag = token.kind === "option" ? known.get(token.name) : undefined;
    const problem =
      token.kind === "option"
        ? optionProblem(token, flag, [...known.keys()])
        : `${JSON.stringify(token.value)} is no argument of this program`;
    if (problem !== undefined) problems.push(`${problem} (see --help)`);
    else if (flag !== undefined) variables[flag.variable] = token.value ?? "true";
  }
  return { variables, problems };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  /** The value stands behind an equals sign. */
  readonly inlineValue: boolean | undefined;
}

function optionProblem(token: OptionToken, flag: Flag | undefined, known: readonly string[]): string | undefined {
  const { rawName, value, inlineValue } = token;
  if (flag === undefined) {
    const similar = nearest(rawName.replace(/^-+/, ""), known);
    return `${rawName} is no flag of this program${similar === undefined ? "" : `; did you mean --${similar}?`}`;
  }
  if (flag.type === "boolean") return value === undefined ? undefined : `${rawName} takes no value`;
  const isMissing = value === undefined || (inlineValue !== true && value.startsWith("-"));
  return isMissing ? `${rawName} must be followed by a value` : undefined;
}

/** The flag that stands for a variable where every variable has one: `REST_PORT` is `rest-port`. */
export function flagName(variable: string): string {
  return variable.toLowerCase().replaceAll("_", "-");
}
