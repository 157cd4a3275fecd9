import { kafkaClient } from "#kafka";
import { createLogger, EXIT_CODES, runCommand, systemClock } from "#runtime";
import { HELP, readConfig, type ReplayConfig } from "./config.ts";
import { MqttSender } from "./mqtt-sender.ts";
import { replayDeadLetters, type ReplayReport } from "./replay.ts";
import { reportText } from "./report.ts";

process.exitCode = await runCommand({
  name: "dead-letter-replay",
  help: HELP,
  stopped: "stopped before the end: run it again for the rest",
  run: async (signal) => {
    const { config } = readConfig(undefined, process.argv.slice(2));
    process.stdout.write(reportText(await replay(config, signal), config.DRY_RUN));
    return EXIT_CODES.clean;
  },
});

/** Ctrl-C ends it after the letter that is under way; the others can be sent by another run. */
async function replay(config: ReplayConfig, signal: AbortSignal): Promise<ReplayReport> {
  const log = createLogger({ name: "dead-letter-replay", level: config.LOG_LEVEL, clock: systemClock });
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
      ...{ clock: systemClock, log, signal },
    });
  } finally {
    await sender?.close();
  }
}
