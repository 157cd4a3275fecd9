import { kafkaTopics, type KafkaTopic } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { retry, retryPolicy, toError, type Clock, type Logger } from "#runtime";
import type { TopicsConfig } from "./config.ts";

/**
 * Makes all topics of the project that are missing and gives their names; those that exist are checked, and get
 * the bounds of their bytes; each change is logged. Waits for a Kafka that is still coming up, or has not yet as many
 * brokers as copies are wanted.
 *
 * @throws KAFKA_TOPIC_MISMATCH at once: a topic that differs does not mend itself; anything else after `WAIT`.
 */
export async function makeTopics(
  config: TopicsConfig,
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal },
): Promise<string[]> {
  const admin = kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "kafka-topics", log }).admin();
  const policy = retryPolicy({ initialDelayMs: 500, maxDelayMs: 5000, maxElapsedMs: config.WAIT });
  const copies = config.REPLICATION_FACTOR === undefined ? {} : { replicationFactor: config.REPLICATION_FACTOR };
  const attempt = async (): Promise<string[]> => {
    await admin.connect();
    return ensureTopics(admin, wantedTopics(config), {
      ...{ clock, signal, ...copies },
      onChange: (change) => log.info({ ...change }, "a setting of a topic was changed"),
    });
  };
  try {
    return await retry(policy, attempt, {
      clock,
      signal,
      onRetry: ({ attempt: number, error }) =>
        log.info({ attempt: number, cause: toError(error).message }, "Kafka is not ready yet"),
    });
  } finally {
    await admin.disconnect();
  }
}

function wantedTopics({ RETENTION_BYTES: retentionBytes }: TopicsConfig): KafkaTopic[] {
  const topics = Object.values(kafkaTopics);
  return retentionBytes === undefined ? topics : topics.map((topic) => ({ ...topic, retentionBytes }));
}
