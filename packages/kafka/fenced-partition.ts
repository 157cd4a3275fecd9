import type { Admin, Kafka, Producer, TopicMessages, Transaction } from "kafkajs";
import { retry, retryPolicy, type Clock, type Logger } from "#runtime";
import { kafkaErrors, protocolErrorType } from "./errors.ts";
import { committedPosition, startPosition, type CommittedPosition, type PartitionFacts } from "./start-position.ts";

/*
 * One input partition of one group, with a single owner who may commit.
 *
 * Kafka checks that a member belongs to the group when it commits, not that it owns the partition; a member that lost a
 * partition and joined again could move its offset. So nobody commits as a member. Every commit is a transaction of a
 * producer whose transactional id is that of the partition, and taking over means to become that producer:
 *
 *   idle ──takeOver──▶ fencing ──▶ reading ──▶ owned ◀──▶ committing
 *                        ▲  │ error   │ error    │            │ error or no answer
 *                        │  ▼         ▼          │            ▼
 *                        └─ unknown ◀────────────┼────────── unknown
 *                                                └─close─▶ closed   (from every state)
 *
 *   idle        nothing was done yet
 *   fencing     InitProducerId: Kafka ends the transaction of every earlier owner, waits until its outcome is written,
 *               and refuses that owner from now on. Only then can the committed offset be trusted
 *   reading     committed offset, metadata, start and end of the log
 *   owned       commits are possible
 *   committing  offset and metadata, and records if the part produces, in one transaction
 *   unknown     some step failed or was not answered: it may have taken effect. The producer is gone; the only way on is
 *               to take over again, which finds out. That nothing else happens in between is the whole point
 *   closed      for ever
 *
 * Guarantee: of all owners past and present, at most one can commit; and what `takeOver` read stays true until this
 * owner commits or is fenced itself. A fenced owner learns it from its next commit, so whatever it does outside Kafka
 * needs a fence of its own.
 */

/** See the picture above. */
export type FenceState = "idle" | "fencing" | "reading" | "owned" | "committing" | "unknown" | "closed";

const NEXT: Readonly<Record<FenceState, readonly FenceState[]>> = {
  idle: ["fencing", "closed"],
  fencing: ["reading", "unknown", "closed"],
  reading: ["owned", "unknown", "closed"],
  owned: ["committing", "fencing", "closed"],
  committing: ["owned", "unknown", "closed"],
  unknown: ["fencing", "closed"],
  closed: [],
};

export interface FencedPartitionOptions {
  readonly kafka: Kafka;
  /** Connected; shared by the partitions of a consumer. */
  readonly admin: Admin;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** The cluster that offsets outside Kafka are of; another one is refused. `undefined`: there are none. */
  readonly clusterId?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What was found on taking over, and where to go on. */
export interface TakenOver extends PartitionFacts {
  readonly startOffset: bigint;
}

/** What one transaction writes. */
export interface Commit {
  /** The next offset to be read. */
  readonly offset: bigint;
  readonly metadata: string;
  /** Records that become visible together with the offset. */
  readonly records?: readonly TopicMessages[];
}

/** After this the coordinator gives a transaction up by itself, so no answer after it is worth waiting for. */
export const TRANSACTION_TIMEOUT_MS = 10_000;

/** The offset is visible within milliseconds; see {@link FencedPartition.commit}. */
const VISIBLE_RETRY = retryPolicy({ initialDelayMs: 2, maxDelayMs: 100, maxElapsedMs: TRANSACTION_TIMEOUT_MS });

/**
 * Answers to AddOffsetsToTxn and TxnOffsetCommit that leave the transaction as it was: the markers of the commit before
 * are still being written, or the group's coordinator is new, loading or elsewhere.
 * Source: https://kafka.apache.org/protocol.html#protocol_error_codes
 */
const NOT_DONE: ReadonlySet<string> = new Set([
  "CONCURRENT_TRANSACTIONS",
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
]);
/** Milliseconds, usually. */
const NOT_DONE_RETRY = retryPolicy({ initialDelayMs: 4, maxDelayMs: 100, maxElapsedMs: TRANSACTION_TIMEOUT_MS / 2 });

export class FencedPartition {
  readonly #options: FencedPartitionOptions;
  #state: FenceState = "idle";
  #producer: Producer | undefined;
  /** Keeps a step that was given up from taking the next one: a late fence would hit the next owner. */
  #step = new AbortController();

  constructor(options: FencedPartitionOptions) {
    this.#options = options;
  }

  get state(): FenceState {
    return this.#state;
  }

  /**
   * Fences every other owner and reads where the group stands. One attempt; whoever calls decides whether to try again,
   * and whether it is still its turn.
   *
   * @throws KAFKA_LOG_TRUNCATED if the committed offset is above the end of the log, KAFKA_CLUSTER_CHANGED if the cluster
   * is another one than was given. Not to be tried again.
   */
  async takeOver(): Promise<TakenOver> {
    this.#setState("fencing");
    this.#discardProducer();
    this.#step = new AbortController();
    try {
      await this.#deadline("fencing", this.#fence(this.#step.signal));
      this.#setState("reading");
      const facts = await this.#deadline("reading", this.#read());
      const start = startPosition(facts);
      if (start.kind === "refuse") throw this.#truncated(facts);
      if (start.lostToRetention > 0n)
        this.#options.log.error(
          { lost: String(start.lostToRetention) },
          "retention removed records before they were read",
        );
      this.#setState("owned");
      return { ...facts, startOffset: start.offset };
    } catch (error) {
      this.#failed();
      throw error;
    }
  }

  /**
   * Commits in one transaction. Resolves only if Kafka said that it is committed and shows the offset.
   *
   * Saying so is not enough: Kafka answers before it has written the markers that make the transaction's parts visible,
   * and Kafka 4.3.1 skips those of a partition without a leader as "likely deleted". A node that is the only one, killed
   * within these milliseconds and started again, so forgets an offset that it had confirmed (seen in five of five rounds of one run).
   *
   * @throws KAFKA_COMMIT_UNKNOWN for every failure, whichever step it was: the state is `unknown` then.
   */
  async commit(commit: Commit): Promise<void> {
    const producer = this.#producer;
    if (this.#state !== "owned" || producer === undefined)
      throw kafkaErrors.create("KAFKA_OWNERSHIP_LOST", "the partition is not owned", {
        details: { state: this.#state },
      });
    this.#setState("committing");
    try {
      await this.#deadline("committing", this.#transact(producer, commit, this.#step.signal));
      this.#setState("owned");
    } catch (cause) {
      this.#failed();
      throw kafkaErrors.create("KAFKA_COMMIT_UNKNOWN", "the outcome of a commit is unknown", { cause });
    }
  }

  /** Reads the committed position without fencing anybody; for whoever believes to own the partition still. */
  async read(): Promise<PartitionFacts> {
    return this.#deadline("reading", this.#read());
  }

  /** Ends ownership here; a transaction in flight has an unknown outcome. */
  close(): void {
    if (this.#state !== "closed") this.#setState("closed");
    this.#discardProducer();
  }

  /** The only place where the state changes. */
  #setState(next: FenceState): void {
    if (!NEXT[this.#state].includes(next)) {
      if (this.#state === "closed") throw kafkaErrors.create("KAFKA_OWNERSHIP_LOST", "the partition was closed");
      throw new Error(`fenced partition: ${next} does not follow ${this.#state}`);
    }
    this.#state = next;
  }

  #failed(): void {
    this.#discardProducer();
    if (this.#state !== "closed") this.#setState("unknown");
  }

  async #fence(given: AbortSignal): Promise<void> {
    const { kafka, groupId, topic, partition } = this.#options;
    const producer = kafka.producer({
      transactionalId: `${groupId}-${topic}-${partition}`,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 20, maxRetryTime: 500, retries: 10 },
    });
    this.#producer = producer;
    await producer.connect();
    given.throwIfAborted();
    // kafkajs asks for the producer id, which fences, at the first transaction and not on connecting.
    const transaction = await producer.transaction();
    await transaction.abort();
  }

  async #read(): Promise<PartitionFacts> {
    const { admin, topic, partition } = this.#options;
    const [committed, ends] = await Promise.all([this.#readCommitted(), admin.fetchTopicOffsets(topic)]);
    const end = ends.find((entry) => entry.partition === partition);
    if (end === undefined) throw new Error(`${topic} has no partition ${partition}`);
    await this.#checkCluster();
    return { committed, logStart: BigInt(end.low), logEnd: BigInt(end.high) };
  }

  /** After everything else was read: whatever came from another cluster, this then comes from there as well. */
  async #checkCluster(): Promise<void> {
    const { admin, clusterId } = this.#options;
    if (clusterId === undefined) return;
    const found = (await admin.describeCluster()).clusterId;
    if (found === clusterId) return;
    throw kafkaErrors.create(
      "KAFKA_CLUSTER_CHANGED",
      "Kafka was made anew while this process ran; a restart takes the new one for what it is",
      { details: { expected: clusterId, found } },
    );
  }

  async #readCommitted(): Promise<CommittedPosition | undefined> {
    const { admin, groupId, topic, partition } = this.#options;
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const stored = group?.partitions.find((entry) => entry.partition === partition);
    if (stored === undefined) throw new Error(`the group's offset for ${topic}/${partition} is not in the answer`);
    return committedPosition(stored.offset, stored.metadata);
  }

  async #transact(producer: Producer, commit: Commit, given: AbortSignal): Promise<void> {
    const transaction = await producer.transaction();
    given.throwIfAborted();
    await this.#sendOffset(transaction, commit, given);
    given.throwIfAborted();
    if (commit.records !== undefined && commit.records.length > 0) {
      await transaction.sendBatch({ acks: -1, topicMessages: [...commit.records] });
      given.throwIfAborted();
    }
    await transaction.commit();
    await this.#untilVisible(commit, given);
  }

  async #untilVisible(commit: Commit, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<void> => {
      const committed = await this.#readCommitted();
      if (committed?.offset !== commit.offset || committed.metadata !== commit.metadata)
        throw kafkaErrors.create("KAFKA_TIMEOUT", "the committed offset is not visible");
    };
    await retry(VISIBLE_RETRY, look, { clock: this.#options.clock, signal });
  }

  /** kafkajs asks once only; each of {@link NOT_DONE} says that nothing was done, so that asking again is safe. */
  async #sendOffset(transaction: Transaction, { offset, metadata }: Commit, signal: AbortSignal): Promise<void> {
    const { clock, groupId, topic, partition } = this.#options;
    const partitions = [{ partition, offset: String(offset), metadata }];
    await retry(
      NOT_DONE_RETRY,
      () => transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] }),
      { clock, signal, shouldRetry: (error) => NOT_DONE.has(protocolErrorType(error) ?? "") },
    );
  }

  /** Kafka or the network may never answer; after the transaction's own time limit nothing is gained by waiting. */
  async #deadline<T>(step: string, running: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.setTimer(TRANSACTION_TIMEOUT_MS, () =>
      reject(kafkaErrors.create("KAFKA_TIMEOUT", "Kafka did not answer in time", { details: { step } })),
    );
    try {
      return await Promise.race([running, late]);
    } finally {
      timer.clear();
    }
  }

  /** Not awaited: a broken connection may take long to close, and nothing depends on it. */
  #discardProducer(): void {
    this.#step.abort(kafkaErrors.create("KAFKA_OWNERSHIP_LOST", "this step was given up"));
    const producer = this.#producer;
    this.#producer = undefined;
    producer?.disconnect().catch((error: unknown) => {
      this.#options.log.debug({ err: error }, "discarded producer did not disconnect");
    });
  }

  #truncated({ committed, logEnd }: PartitionFacts): Error {
    return kafkaErrors.create("KAFKA_LOG_TRUNCATED", "the committed offset is above the end of the log", {
      details: { committed: String(committed?.offset), logEnd: String(logEnd) },
    });
  }
}
