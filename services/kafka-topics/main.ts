import { asksForHelp, ConfigError, createLogger, EXIT_CODES, helpText, systemClock, toError } from "#runtime";
import { HELP, readConfig } from "./config.ts";
import { makeTopics } from "./make-topics.ts";

// Not left to run out: kafkajs keeps timers of connections that failed.
process.exit(await main());

async function main(): Promise<number> {
  if (asksForHelp(process.argv)) {
    process.stdout.write(helpText(HELP));
    return EXIT_CODES.clean;
  }
  try {
    const { config } = readConfig(undefined, process.argv.slice(2));
    const log = createLogger({ name: "kafka-topics", level: config.LOG_LEVEL, clock: systemClock });
    const stop = new AbortController();
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.once(signal, () => stop.abort(new Error("stopped before the topics were made")));
    const made = await makeTopics(config, { clock: systemClock, log, signal: stop.signal });
    log.info({ made }, made.length === 0 ? "all topics were there" : "topics were made");
    return EXIT_CODES.clean;
  } catch (error) {
    process.stderr.write(`kafka-topics: ${toError(error).message}\n`);
    return error instanceof ConfigError ? EXIT_CODES.config : EXIT_CODES.fatal;
  }
}
