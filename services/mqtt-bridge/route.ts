import { hash } from "node:crypto";
import { deadLetter, encodeDeadLetter, kafkaTopics, validateReading, type Rejection } from "#events";
import type { ProducedRecord } from "#kafka";

/** What becomes of a message from the broker: one Kafka record, of `readings` or of `dead-letters`. */
export interface Routed {
  readonly record: ProducedRecord;
  /** Why it is not a reading; `undefined`: it is one. */
  readonly rejection: Rejection | undefined;
}

export const READINGS = kafkaTopics.readings.name;
export const DEAD_LETTERS = kafkaTopics.deadLetters.name;

/** The name of this part in dead letters. */
const PART = "mqtt-bridge";

/**
 * A dead letter holds its topic twice and its key once more. No allowed topic is longer than 8 + 64 + 1 + 4 * 64 + 1 +
 * 64 + 10 bytes; a longer one is a `bad_topic`, which nobody replays, and could make the record too large for Kafka.
 */
const MAX_TOPIC_LENGTH = 1024;

/** Pure: a reading keeps the device's bytes and gets `<tenant>/<sensor_id>` as its key; a rejection becomes a dead letter. */
export function route(topic: string, payload: Buffer, nowMs: number): Routed {
  const verdict = validateReading(payload, topic, nowMs);
  if (verdict.ok) return { record: { key: verdict.key, value: payload }, rejection: undefined };
  const source = { part: PART, mqtt_topic: topic.slice(0, MAX_TOPIC_LENGTH).toWellFormed() };
  const letter = deadLetter(verdict, source, payload, nowMs, sha256);
  return { record: { key: letter.id, value: Buffer.from(encodeDeadLetter(letter)) }, rejection: verdict };
}

function sha256(payload: Uint8Array): string {
  return hash("sha256", payload, "hex");
}
