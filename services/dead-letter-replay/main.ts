import { kafkaClient } from "#kafka";
import { asksForHelp, ConfigError, createLogger, EXIT_CODES, helpText, systemClock, toError } from "#runtime";
import { HELP, readConfig, type ReplayConfig } from "./config.ts";
import { MqttSender } from "./mqtt-sender.ts";
import { replayDeadLetters, type ReplayReport } from "./replay.ts";
import { reportText } from "./report.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  if (asksForHelp(process.argv)) {
    process.stdout.write(helpText(HELP));
    return EXIT_CODES.clean;
  }
  try {
    const { config } = readConfig(undefined, process.argv.slice(2));
    process.stdout.write(reportText(await replay(config), config.DRY_RUN));
    return EXIT_CODES.clean;
  } catch (error) {
    process.stderr.write(`dead-letter-replay: ${toError(error).message}\n`);
    return error instanceof ConfigError ? EXIT_CODES.config : EXIT_CODES.fatal;
  }
}

/** Ctrl-C ends it after the letter that is under way; the others can be sent by another run. */
async function replay(config: ReplayConfig): Promise<ReplayReport> {
  const log = createLogger({ name: "dead-letter-replay", level: config.LOG_LEVEL, clock: systemClock });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => stop.abort(new Error("stopped before the end: run it again for the rest")));
  const sender = config.DRY_RUN ? undefined : new MqttSender(config, systemClock);
  try {
    return await replayDeadLetters({
      kafka: kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "dead-letter-replay", log }),
      criteria: {
        reasons: config.REASON,
        tenant: config.TENANT,
        receivedSinceMs: config.SINCE === undefined ? undefined : systemClock.nowMs() - config.SINCE,
      },
      publish: sender && ((topic, payload) => sender.publish(topic, payload)),
      ...{ clock: systemClock, log, signal: stop.signal },
    });
  } finally {
    await sender?.close();
  }
}
