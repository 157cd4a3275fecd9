import { bigQueryClients } from "#bigquery";
import { kafkaClient } from "#kafka";
import { createLogger, EXIT_CODES, runCommand, systemClock } from "#runtime";
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
  const { BIGQUERY_PROJECT: project, BIGQUERY_DATASET: dataset, BIGQUERY_TABLE: table } = config;
  const clients = bigQueryClients({
    project,
    restEndpoint: config.BIGQUERY_REST_ENDPOINT,
    grpcEndpoint: config.BIGQUERY_GRPC_ENDPOINT,
    token: config.BIGQUERY_TOKEN,
  });
  try {
    return await reappend({
      kafka: kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "reappend", log }),
      ...{ clients, log, signal, clock: systemClock },
      groupId: config.KAFKA_GROUP,
      topic: config.KAFKA_TOPIC,
      table: { project, dataset, table },
      mode: config.WRITE_MODE,
      sinceMs: systemClock.nowMs() - config.SINCE,
      isDryRun: config.DRY_RUN,
    });
  } finally {
    await clients.close();
  }
}
