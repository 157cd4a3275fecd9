import { kafkaClient } from "#kafka";
import { createLogger, EXIT_CODES, runCommand, systemClock } from "#runtime";
import { destinationOf } from "../destination.ts";
import { HELP, readConfig, type ReappendConfig } from "./config.ts";
import { reappend, type GoingBack } from "./reappend.ts";
import { reportText } from "./report.ts";

process.exitCode = await runCommand({
  name: "reappend",
  help: HELP,
  stopped: "stopped before the end: run it again for the rest",
  run: async (signal) => {
    const { config } = readConfig(undefined, process.argv.slice(2));
    process.stdout.write(reportText(await run(config, signal), config.DRY_RUN));
    return EXIT_CODES.clean;
  },
});

async function run(config: ReappendConfig, signal: AbortSignal): Promise<GoingBack[]> {
  const log = createLogger({ name: "reappend", level: config.LOG_LEVEL, clock: systemClock });
  const { clients, id: table } = destinationOf(config);
  try {
    return await reappend({
      kafka: kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "reappend", log }),
      ...{ clients, log, signal, clock: systemClock },
      groupId: config.KAFKA_GROUP,
      topic: config.KAFKA_TOPIC,
      table,
      mode: config.WRITE_MODE,
      sinceMs: systemClock.nowMs() - config.SINCE,
      isDryRun: config.DRY_RUN,
    });
  } finally {
    await clients.close();
  }
}
