import { ConfigError } from "./config.ts";
import { toError } from "./errors.ts";
import { asksForHelp, helpText, type Help } from "./help.ts";
import { EXIT_CODES } from "./lifecycle.ts";

/** A program that ends by itself. */
export interface CommandDefinition {
  readonly name: string;
  readonly help: Help;
  /** Why it ended, where SIGTERM or Ctrl-C asked for it: the reason with which `signal` aborts. */
  readonly stopped: string;
  /** Gives the exit code. A {@link ConfigError} is `config`, any other error `fatal`; its message is printed. */
  readonly run: (signal: AbortSignal) => Promise<number>;
}

/** Runs a command, or prints its help, and gives the exit code; the caller ends the process. */
export async function runCommand({ name, help, stopped, run }: CommandDefinition): Promise<number> {
  if (asksForHelp(process.argv)) {
    process.stdout.write(helpText(help));
    return EXIT_CODES.clean;
  }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(stopped)));
  try {
    return await run(stop.signal);
  } catch (error) {
    process.stderr.write(`${name}: ${toError(error).message}\n`);
    return error instanceof ConfigError ? EXIT_CODES.config : EXIT_CODES.fatal;
  }
}
