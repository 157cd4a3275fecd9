/** Names that more than one part must agree on. A name that only one part uses lives with that part. */

/** What a bridge subscribes that is the only one. A restart of the broker forgets it no more than the session. */
export const BRIDGE_SUBSCRIPTION = "sensors/+/+/+/telemetry";

/** The same for several replicas: one copy of each reading for all of them. */
export const SHARED_BRIDGE_SUBSCRIPTION = `$share/bridge/${BRIDGE_SUBSCRIPTION}`;

const DAY_MS = 86_400_000;

/** A Kafka topic as it is created. Partition counts are fixed for life: a change is a new topic. */
export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  /** How long records are kept; `undefined`: for ever, one per key (compacted). */
  readonly retentionMs: number | undefined;
  /** Most bytes of each partition, beside the time; none: only the time bounds it. Means nothing if compacted. */
  readonly retentionBytes?: number;
}

/**
 * Bytes of a segment of every topic. Kafka deletes and compacts whole segments, and never the one that it writes: with its default of
 * 1 GiB the partitions of one topic can fill a disk before the first of them may go.
 */
export const KAFKA_SEGMENT_BYTES = 64 * 1024 * 1024;

/** All topics. Every one stamps records with the broker's append time (`message.timestamp.type=LogAppendTime`). */
export const kafkaTopics = {
  readings: { name: "readings", partitions: 12, retentionMs: 7 * DAY_MS },
  windows: { name: "windows-5m", partitions: 12, retentionMs: 30 * DAY_MS },
  aggregatorState: { name: "aggregator-state", partitions: 12, retentionMs: undefined },
  deadLetters: { name: "dead-letters", partitions: 3, retentionMs: 30 * DAY_MS },
} as const satisfies Record<string, KafkaTopic>;

/** Consumer groups. The dashboard reads without one. */
export const kafkaGroups = {
  writer: "bq-writer",
  windowsWriter: "bq-writer-windows",
  aggregator: "aggregator",
  archiver: "archiver",
} as const;

export const bigQueryNames = {
  dataset: "iot_raw",
  events: "iot_events",
  windows: "iot_windows_5m",
  uniqueEvents: "iot_events_unique",
  latest: "iot_latest",
  anomalies: "iot_anomalies",
  deliveryAudit: "iot_delivery_audit",
} as const;
