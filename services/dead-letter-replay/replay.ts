import { decodeDeadLetter, kafkaTopics, type DeadLetter } from "#events";
import { readTopic, type Kafka } from "#kafka";
import { retry, retryPolicy, type Clock, type Logger } from "#runtime";
import { RecentIds } from "./recent-ids.ts";
import { select, type Criteria, type Selection } from "./selection.ts";

/** Publishes with QoS 1; resolves when the broker has taken the message for a subscriber. */
export type Publish = (topic: string, payload: Buffer) => Promise<void>;

export interface ReplayOptions {
  readonly kafka: Kafka;
  readonly criteria: Criteria;
  /** `undefined`: nothing is sent. */
  readonly publish: Publish | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Counts of letters, each id once as far as it is remembered. */
export interface ReplayReport {
  readonly read: number;
  /** Or would have been, in a dry run. */
  readonly sent: Readonly<Record<string, number>>;
  readonly cut: number;
  readonly noTopic: number;
  readonly other: number;
  /** Records that are no dead letters. */
  readonly foreign: number;
}

const MAX_ATTEMPTS = 8;
const PUBLISH_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000, maxAttempts: MAX_ATTEMPTS });

/**
 * Reads all dead letters up to the end that the topic has now, and publishes the chosen ones where they first came from,
 * so that they pass every check again. One at a time: nobody waits for them, and the bridge has others to serve.
 *
 * Guarantee: at least once. A letter that is there twice is sent once, unless very many others lie between the two. The letters stay in Kafka; a reading that was sent twice is stored twice and told apart by
 * (tenant, sensor_id, boot_id, seq). One that is still wrong becomes a dead letter again, under the same id if it came
 * from MQTT.
 *
 * @throws what the broker says when it refuses a letter, or cannot be reached in eight attempts; the signal's reason.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<ReplayReport> {
  const { kafka, clock, criteria, signal } = options;
  const seen = new RecentIds();
  const sent: Record<string, number> = {};
  const counts = { read: 0, cut: 0, noTopic: 0, other: 0, foreign: 0 };
  await readTopic({
    kafka,
    clock,
    signal,
    topic: kafkaTopics.deadLetters.name,
    onRecord: async ({ message }) => {
      counts.read += 1;
      const letter = message.value === null ? undefined : decodeDeadLetter(message.value);
      if (letter === undefined) counts.foreign += 1;
      if (letter === undefined || !seen.add(letter.id)) return;
      const selection = select(letter, criteria);
      if (selection.kind !== "send") counts[selection.kind] += 1;
      else await sendAgain(letter, selection, options, sent);
    },
  });
  return { ...counts, sent };
}

async function sendAgain(
  { id, reason }: DeadLetter,
  { topic, payload }: Extract<Selection, { kind: "send" }>,
  { publish, clock, log, signal }: ReplayOptions,
  sent: Record<string, number>,
): Promise<void> {
  if (publish !== undefined)
    await retry(PUBLISH_RETRY, () => publish(topic, Buffer.from(payload)), {
      clock,
      signal,
      onRetry: ({ error, delayMs }) => log.warn({ err: error, delayMs, id }, "not delivered, trying again"),
    });
  sent[reason] = (sent[reason] ?? 0) + 1;
}
