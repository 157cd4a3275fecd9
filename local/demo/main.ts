import { ConfigError, toError } from "#runtime";
import { auditTable } from "./audit-table.ts";
import { isClean } from "./audit.ts";
import { environment, readCommandLine, type DemoOptions } from "./config.ts";
import { runDemo } from "./demo.ts";
import { plainDisplay, terminalDisplay } from "./display.ts";

// An exit at once: a failed start may have left something that would keep this process alive.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const command = readCommandLine(process.argv.slice(2), environment, process.stdout.isTTY);
    if (command.kind === "run") return await demo(command.options);
    process.stdout.write(command.text);
    return 0;
  } catch (error) {
    process.stderr.write(`\ndemo: ${toError(error).message}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

async function demo(options: DemoOptions): Promise<number> {
  const display = options.plain ? plainDisplay(process.stdout) : terminalDisplay(process.stdout);
  const { audits, problems } = await runDemo(options, display, stopSignal());
  process.stdout.write(`\n${auditTable(audits)}\n`);
  for (const problem of problems) process.stderr.write(`demo: ${problem}\n`);
  return problems.length === 0 && audits.every(isClean) ? 0 : 1;
}

/** The first Ctrl-C stops in order; the second ends everything at once, and no server outlives this process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort(new Error("asked to stop"));
    });
  return stop.signal;
}
