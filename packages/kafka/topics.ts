import type { Admin, ConfigEntries, IResourceConfigEntry, ITopicConfig } from "kafkajs";
import { KAFKA_SEGMENT_BYTES, type KafkaTopic } from "#events";
import { retry, retryPolicy, type Clock } from "#runtime";
import { kafkaErrors } from "./errors.ts";
import { ConfigResourceTypes, ConfigSource } from "./kafkajs.ts";

export interface TopicCreation {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Default -1: the cluster's own. */
  readonly replicationFactor?: number;
  /** A setting of a topic that was there already is now another one. */
  readonly onChange?: (change: TopicChange) => void;
}

/** Values as Kafka writes them. */
export interface TopicChange {
  readonly topic: string;
  readonly setting: string;
  readonly from: string | undefined;
  readonly to: string;
}

/** A new topic is not known to every broker at once. */
const PROPAGATION_RETRY = retryPolicy({ initialDelayMs: 50, maxDelayMs: 1000, maxElapsedMs: 30_000 });

const TIMESTAMP_TYPE = "message.timestamp.type";
const APPEND_TIME = "LogAppendTime";

/**
 * Makes those topics that do not exist and checks those that do. Gives the names of the new ones. One that exists gets
 * the declared bounds of its bytes, if they differ, and keeps everything else, also a `retention.bytes` where none is
 * declared.
 *
 * @throws KAFKA_TOPIC_MISMATCH, naming every difference, if a topic has another partition count or does not stamp
 * records with the append time. Neither can be mended on a topic that holds records: keys would move, times would mix.
 */
export async function ensureTopics(
  admin: Admin,
  topics: readonly KafkaTopic[],
  { clock, signal, replicationFactor = -1, onChange }: TopicCreation,
): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length > 0)
    await admin.createTopics({
      topics: missing.map((topic) => ({ ...topicConfig(topic), replicationFactor })),
      waitForLeaders: false,
    });
  const found = await retry(PROPAGATION_RETRY, () => findTopics(admin, topics), { clock, signal });
  const differences = topics.flatMap((topic) => differencesOf(topic, found.get(topic.name)));
  if (differences.length > 0)
    throw kafkaErrors.create("KAFKA_TOPIC_MISMATCH", `topics differ from what is needed: ${differences.join("; ")}`);
  await setBounds(admin, topics, found, onChange);
  return missing.map(({ name }) => name);
}

function topicConfig(topic: KafkaTopic): ITopicConfig {
  const { name, partitions, retentionMs } = topic;
  const retention =
    retentionMs === undefined
      ? { name: "cleanup.policy", value: "compact" }
      : { name: "retention.ms", value: String(retentionMs) };
  return {
    topic: name,
    numPartitions: partitions,
    configEntries: [{ name: TIMESTAMP_TYPE, value: APPEND_TIME }, retention, ...bounds(topic)],
  };
}

/** What bounds the topic's bytes: the settings that may be changed on a topic that holds records. */
function bounds({ retentionMs, retentionBytes }: KafkaTopic): IResourceConfigEntry[] {
  const segments = { name: "segment.bytes", value: String(KAFKA_SEGMENT_BYTES) };
  if (retentionMs === undefined || retentionBytes === undefined) return [segments];
  return [segments, { name: "retention.bytes", value: String(retentionBytes) }];
}

interface FoundTopic {
  readonly partitions: number | undefined;
  /** Every setting that holds for the topic, wherever it comes from. */
  readonly settings: ReadonlyMap<string, string>;
  /** Those that were set on the topic itself. */
  readonly own: ReadonlyMap<string, string>;
}

async function findTopics(admin: Admin, wanted: readonly KafkaTopic[]): Promise<Map<string, FoundTopic>> {
  const names = wanted.map(({ name }) => name);
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const valuesOf = (entries: readonly ConfigEntries[]) =>
    new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      {
        partitions: topics.find(({ name }) => name === resourceName)?.partitions.length,
        settings: valuesOf(configEntries),
        own: valuesOf(configEntries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)),
      },
    ]),
  );
}

/** What cannot be mended. */
function differencesOf({ name, partitions }: KafkaTopic, found: FoundTopic | undefined): string[] {
  const count = found?.partitions;
  const stamp = found?.settings.get(TIMESTAMP_TYPE);
  return [
    ...(count === partitions ? [] : [`${name} has ${count ?? 0} partitions, not ${partitions}`]),
    ...(stamp === APPEND_TIME ? [] : [`${name} has ${TIMESTAMP_TYPE} ${stamp ?? "unknown"}, not ${APPEND_TIME}`]),
  ];
}

/**
 * kafkajs has only AlterConfigs, which takes away every own setting of a topic that it does not name: so all that were
 * found go with it. A setting that somebody else makes between the two calls is lost.
 * Source: https://kafka.apache.org/protocol#The_Messages_AlterConfigs
 */
async function setBounds(
  admin: Admin,
  topics: readonly KafkaTopic[],
  found: ReadonlyMap<string, FoundTopic>,
  onChange: TopicCreation["onChange"],
): Promise<void> {
  const changes = topics.flatMap((topic) => changesOf(topic, found.get(topic.name)));
  const changed = new Set(changes.map(({ topic }) => topic));
  if (changed.size === 0) return;
  const resources = [...changed].map((name) => {
    const entries = new Map(found.get(name)?.own);
    for (const { topic, setting, to } of changes) if (topic === name) entries.set(setting, to);
    const configEntries = [...entries].map(([setting, value]) => ({ name: setting, value }));
    return { type: ConfigResourceTypes.TOPIC, name, configEntries };
  });
  await admin.alterConfigs({ validateOnly: false, resources });
  for (const change of changes) onChange?.(change);
}

function changesOf(topic: KafkaTopic, found: FoundTopic | undefined): TopicChange[] {
  return bounds(topic)
    .map(({ name, value }) => ({ topic: topic.name, setting: name, from: found?.settings.get(name), to: value }))
    .filter(({ from, to }) => from !== to);
}
