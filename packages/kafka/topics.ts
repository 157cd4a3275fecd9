import type { Admin, ITopicConfig } from "kafkajs";
import type { KafkaTopic } from "#events";
import { retry, retryPolicy, type Clock } from "#runtime";
import { kafkaErrors } from "./errors.ts";
import { ConfigResourceTypes } from "./kafkajs.ts";

export interface TopicCreation {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Default -1: the cluster's own. */
  readonly replicationFactor?: number;
}

/** A new topic is not known to every broker at once. */
const PROPAGATION_RETRY = retryPolicy({ initialDelayMs: 50, maxDelayMs: 1000, maxElapsedMs: 30_000 });

const TIMESTAMP_TYPE = "message.timestamp.type";
const APPEND_TIME = "LogAppendTime";

/**
 * Makes those topics that do not exist and checks those that do. Gives the names of the new ones.
 *
 * @throws KAFKA_TOPIC_MISMATCH, naming every difference, if a topic has another partition count or does not stamp
 * records with the append time. Neither can be mended on a topic that holds records: keys would move, times would mix.
 */
export async function ensureTopics(
  admin: Admin,
  topics: readonly KafkaTopic[],
  { clock, signal, replicationFactor = -1 }: TopicCreation,
): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length > 0)
    await admin.createTopics({
      topics: missing.map((topic) => ({ ...topicConfig(topic), replicationFactor })),
      waitForLeaders: false,
    });
  const differences = await retry(PROPAGATION_RETRY, () => findDifferences(admin, topics), { clock, signal });
  if (differences.length > 0)
    throw kafkaErrors.create("KAFKA_TOPIC_MISMATCH", `topics differ from what is needed: ${differences.join("; ")}`);
  return missing.map(({ name }) => name);
}

function topicConfig({ name, partitions, retentionMs }: KafkaTopic): ITopicConfig {
  const retention =
    retentionMs === undefined
      ? { name: "cleanup.policy", value: "compact" }
      : { name: "retention.ms", value: String(retentionMs) };
  return {
    topic: name,
    numPartitions: partitions,
    configEntries: [{ name: TIMESTAMP_TYPE, value: APPEND_TIME }, retention],
  };
}

async function findDifferences(admin: Admin, wanted: readonly KafkaTopic[]): Promise<string[]> {
  const names = wanted.map(({ name }) => name);
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: [TIMESTAMP_TYPE] })),
  });
  return wanted.flatMap(({ name, partitions }) => {
    const count = topics.find((topic) => topic.name === name)?.partitions.length;
    const config = resources.find(({ resourceName }) => resourceName === name)?.configEntries;
    const stamp = config?.find(({ configName }) => configName === TIMESTAMP_TYPE)?.configValue;
    return [
      ...(count === partitions ? [] : [`${name} has ${count ?? 0} partitions, not ${partitions}`]),
      ...(stamp === APPEND_TIME ? [] : [`${name} has ${TIMESTAMP_TYPE} ${stamp ?? "unknown"}, not ${APPEND_TIME}`]),
    ];
  });
}
