import { createLogger, EXIT_CODES, runCommand, systemClock } from "#runtime";
import { HELP, readConfig } from "./config.ts";
import { makeTopics } from "./make-topics.ts";

const code = await runCommand({
  name: "kafka-topics",
  help: HELP,
  stopped: "stopped before the topics were made",
  run: async (signal) => {
    const { config } = readConfig(undefined, process.argv.slice(2));
    const log = createLogger({ name: "kafka-topics", level: config.LOG_LEVEL, clock: systemClock });
    const made = await makeTopics(config, { clock: systemClock, log, signal });
    log.info({ made }, made.length === 0 ? "all topics were there" : "topics were made");
    return EXIT_CODES.clean;
  },
});

// Not left to run out: kafkajs keeps timers of connections that failed.
process.exit(code);
