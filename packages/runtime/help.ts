import type { z } from "zod";
import { describeVariables } from "./config-table.ts";

export interface Help {
  /** One sentence: what the program does. */
  readonly summary: string;
  /** A command line to copy. */
  readonly usage: string;
  /** Its variables, all of them. */
  readonly schema: z.ZodObject;
  /** How a variable is given, if not by the environment. */
  readonly label?: (name: string) => string;
  /** What else a person must know, such as exit codes. */
  readonly notes?: readonly string[];
}

/** Whether a command line asks for help and nothing else. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

/** What `--help` prints, in the same form for every program. */
export function helpText({ summary, usage, schema, label = (name) => name, notes = [] }: Help): string {
  const variables = describeVariables(schema);
  const width = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));
  const labelWidth = width(variables.map(({ name }) => label(name)));
  const typeWidth = width(variables.map(({ type }) => type));
  const rows = variables.map(({ name, type, required, default: standard, meaning }) => {
    const note = required ? " (required)" : standard === undefined ? "" : ` [${standard}]`;
    return `  ${label(name).padEnd(labelWidth)}  ${type.padEnd(typeWidth)}  ${meaning}${note}`;
  });
  return [summary, "", `  ${usage}`, "", ...rows, "", ...notes.flatMap((line) => [line, ""])].join("\n");
}
