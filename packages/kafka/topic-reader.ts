import { randomUUID } from "node:crypto";
import type { Admin, Consumer, Kafka, KafkaMessage } from "kafkajs";
import { retry, retryPolicy, type Clock } from "#runtime";
import { kafkaErrors } from "./errors.ts";

/** A record as somebody reads it who has no part in the group that works on it. */
export interface ReadRecord {
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** Where a record is in its topic. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: bigint;
}

export interface TopicReading {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly clock: Clock;
  /** Called in order within a partition. What it returns is awaited, however long that takes, and so slows the reading down. */
  readonly onRecord: (record: ReadRecord) => void | Promise<void>;
  /** Ends the reading; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A new topic, or one whose broker has just started, has no leader for a moment. */
const LEADER_RETRY = retryPolicy({ initialDelayMs: 50, maxDelayMs: 1000, maxElapsedMs: 30_000 });

/** Without an answer for so long the reading is given up. */
const SILENCE_MS = 30_000;

/**
 * Reads a topic from its start to the end that it has now, and resolves. Commits nothing and disturbs no group; its own
 * group has a random name and is removed.
 *
 * @throws KAFKA_TIMEOUT if nothing comes for half a minute before the end is reached.
 */
export async function readTopic(reading: TopicReading): Promise<void> {
  await withAdmin(reading.kafka, async (admin) => {
    const { clock, signal } = reading;
    const ends = await retry(LEADER_RETRY, () => admin.fetchTopicOffsets(reading.topic), { clock, signal });
    const missing = new Map(
      ends
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
    if (missing.size > 0) await consume(admin, reading, "start", missing);
  });
}

/** Reads what is appended to a topic from now on, until the signal aborts; rejects with its reason. */
export async function followTopic(reading: TopicReading & { readonly signal: AbortSignal }): Promise<void> {
  await withAdmin(reading.kafka, (admin) => consume(admin, reading, "end"));
}

/**
 * Reads one record; `undefined` if the log goes on behind its offset without it. Disturbs no group, like {@link readTopic}.
 *
 * @throws KAFKA_TIMEOUT if nothing comes for half a minute, as for an offset that the log does not have (any more).
 */
export async function readRecord({
  partition,
  offset,
  ...reading
}: Omit<TopicReading, "onRecord"> & RecordPlace): Promise<KafkaMessage | undefined> {
  let found: KafkaMessage | undefined;
  const onRecord = (record: ReadRecord): void => {
    if (record.partition === partition && BigInt(record.message.offset) === offset) found = record.message;
  };
  const missing = new Map([[partition, offset + 1n]]);
  await withAdmin(reading.kafka, (admin) => consume(admin, { ...reading, onRecord }, { partition, offset }, missing));
  return found;
}

async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/**
 * `from`: a place is that of one partition, the others are read from their end. `missing`: how far each partition that is
 * not read far enough yet is to be read. Without it there is no end.
 */
async function consume(
  admin: Admin,
  reading: TopicReading,
  from: "start" | "end" | RecordPlace,
  missing?: Map<number, bigint>,
): Promise<void> {
  const { kafka, topic, clock, signal } = reading;
  const groupId = `reader-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250, readUncommitted: false });
  const done = Promise.withResolvers<undefined>();
  // It may end before anybody waits for it, while the consumer still joins.
  done.promise.catch(() => undefined);
  const onAbort = (): void => done.reject(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  const silence = new Silence(clock, () =>
    done.reject(kafkaErrors.create("KAFKA_TIMEOUT", `${topic}: no records came, but its end is not reached`)),
  );
  try {
    signal?.throwIfAborted();
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: from === "start" });
    if (missing !== undefined) silence.watch();
    const running = run(consumer, reading, {
      // While records are worked on it is not Kafka that is silent.
      onBegin: () => silence.end(),
      onBatch: (partition, next) => {
        // Whoever follows may wait for ever for the next record.
        if (missing === undefined) return;
        silence.watch();
        if (next < (missing.get(partition) ?? 0n)) return;
        missing.delete(partition);
        if (missing.size === 0) done.resolve(undefined);
      },
      onError: (error) => done.reject(error),
    });
    // Before the first fetch, which could already bring what is behind the place.
    if (typeof from === "object") consumer.seek({ topic, partition: from.partition, offset: String(from.offset) });
    await running;
    await done.promise;
  } finally {
    silence.end();
    signal?.removeEventListener("abort", onAbort);
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

interface Course {
  readonly onBegin: () => void;
  readonly onBatch: (partition: number, nextOffset: bigint) => void;
  readonly onError: (error: unknown) => void;
}

async function run(
  consumer: Consumer,
  { onRecord }: TopicReading,
  { onBegin, onBatch, onError }: Course,
): Promise<void> {
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { batch } = payload;
      onBegin();
      try {
        for (const message of batch.messages) {
          await onRecord({ partition: batch.partition, message });
          await payload.heartbeat();
        }
        onBatch(batch.partition, BigInt(batch.lastOffset()) + 1n);
      } catch (error) {
        onError(error);
      }
    },
  });
}

/** Notices that nothing happens any more. */
class Silence {
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #timer: { clear(): void } | undefined;

  constructor(clock: Clock, onSilence: () => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
  }

  watch(): void {
    this.end();
    this.#timer = this.#clock.setTimer(SILENCE_MS, this.#onSilence);
  }

  end(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }
}
