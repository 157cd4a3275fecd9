import type { Admin, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from "kafkajs";
import { toError, type Clock, type Logger, type StopDeadline } from "#runtime";
import { assignedPartitions, rendezvousAssigner } from "./assigner.ts";
import { kafkaErrors } from "./errors.ts";
import { FencedPartition } from "./fenced-partition.ts";
import { outageOf } from "./outage.ts";
import { OwnedPartition, type Ownership, type PartitionWorker, type RecordBatch } from "./owned-partition.ts";

/** Between two lives of the consumer; an outage is long, and whoever waits is not in a hurry. */
const RESTART_DELAY_MS = 1000;

export interface FencedConsumerOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  /** The cluster that offsets outside Kafka are of; another one is fatal. `undefined`: there are none. */
  readonly clusterId?: string | undefined;
  /** Survives a restart of this member, for example the name of its pod: it then gets its partitions back. */
  readonly memberName: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The part's own takeover; called once everybody else is fenced. */
  readonly takeOver: (ownership: Ownership) => Promise<PartitionWorker>;
  /** A partition must not be consumed and an operator has to look: the service cannot do its duty. */
  readonly onFatal: (error: Error) => void;
  /** How long Kafka waits for a sign of life; default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** Longest wait for records in one fetch, and so for noticing a rebalance; default 250 ms. */
  readonly maxWaitMs?: number;
  /** Largest part of a fetch for one partition; default 1 MiB. Bounds the memory: partitions × this. */
  readonly maxBytesPerPartition?: number;
}

/**
 * Consumes a topic as a member of a group, with every partition fenced (see `fenced-partition.ts`).
 *
 * kafkajs says who owns what (its event on joining) and fetches; it commits nothing. A partition is paused from the
 * moment it is assigned until it is taken over, then sought to the offset that the takeover gave.
 *
 * Guarantee: at each time at most one owner of a partition can commit. A batch is delivered again if its offset was not
 * committed when ownership ended, so what a part does outside the commit must be fenced or repeatable by itself.
 */
export class FencedConsumer {
  readonly #options: FencedConsumerOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #partitions = new Map<number, OwnedPartition>();
  readonly #sessionTimeoutMs: number;
  #memberId = "";
  readonly #stopping = new AbortController();

  constructor(options: FencedConsumerOptions) {
    this.#options = options;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
    this.#admin = options.kafka.admin();
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: this.#sessionTimeoutMs,
      heartbeatInterval: Math.floor(this.#sessionTimeoutMs / 10),
      rebalanceTimeout: 2 * this.#sessionTimeoutMs,
      maxWaitTimeInMs: options.maxWaitMs ?? 250,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
      partitionAssigners: [rendezvousAssigner(options.memberName)],
      retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 5 },
    });
  }

  /** The state of each partition that this member has; for metrics and readiness. */
  states(): ReadonlyMap<number, OwnedPartition["state"]> {
    return new Map([...this.#partitions].map(([partition, owned]) => [partition, owned.state]));
  }

  /** Joins the group; resolves when consuming has begun, which may be before the first assignment. */
  async start(): Promise<void> {
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, (event) => this.#onJoin(event));
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) void this.#restart(payload.error);
    });
    await this.#admin.connect();
    // Only where there is no committed offset does kafkajs look at this; the default would skip what is there.
    await this.#consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
    await this.#run();
  }

  async #run(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: (payload) => this.#onBatch(payload),
    });
  }

  /**
   * kafkajs gives up for good on some errors of an ordinary outage, for example when no coordinator is found while it
   * joins. It has disconnected then and can be run again; a start that fails ends in another crash.
   */
  async #restart(err: Error): Promise<void> {
    const { clock, log } = this.#options;
    outageOf(log).warn(log, { err, delayMs: RESTART_DELAY_MS }, "the consumer gave up, it will be started again");
    while (!this.#stopping.signal.aborted) {
      try {
        await clock.sleep(RESTART_DELAY_MS, this.#stopping.signal);
        await this.#run();
        return;
      } catch (error) {
        log.debug({ err: error }, "the consumer did not start");
      }
    }
  }

  /**
   * Stops the intake, lets every worker finish and commit, leaves the group. Membership goes on until then, so nobody
   * takes a partition over while it is drained. Rejects if a worker could not finish by the deadline.
   */
  async stop(deadline: StopDeadline): Promise<void> {
    this.#stopping.abort(new Error("the consumer stops"));
    const owned = [...this.#partitions];
    for (const [partition] of owned) this.#pause(partition);
    const drained = await Promise.allSettled(owned.map(([, partition]) => bounded(partition.drain(), deadline.signal)));
    for (const [, partition] of owned) partition.release(new Error("the consumer stops"));
    await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
    const failed = drained.find((result) => result.status === "rejected");
    if (failed !== undefined) throw toError(failed.reason);
  }

  /** Runs before the first fetch of the new generation: kafkajs calls listeners at once. */
  #onJoin({ payload }: ConsumerGroupJoinEvent): void {
    const { topic, log } = this.#options;
    this.#memberId = payload.memberId;
    const assigned = new Set(payload.memberAssignment[topic] ?? []);
    log.info({ partitions: [...assigned], memberId: payload.memberId }, "joined the group");
    for (const [partition, owned] of this.#partitions) {
      if (assigned.has(partition)) continue;
      owned.release(new Error("the partition was assigned to another member"));
      this.#partitions.delete(partition);
    }
    for (const partition of assigned) this.#assign(partition);
  }

  #assign(partition: number): void {
    this.#pause(partition);
    const owned = this.#partitions.get(partition);
    if (owned !== undefined) void owned.keep();
    else if (!this.#stopping.signal.aborted) this.#partitions.set(partition, this.#own(partition));
  }

  #own(partition: number): OwnedPartition {
    const { kafka, groupId, topic, clusterId, clock, takeOver, onFatal } = this.#options;
    const log = this.#options.log.child({ topic, partition });
    const outage = outageOf(this.#options.log);
    return new OwnedPartition({
      fence: new FencedPartition({ kafka, admin: this.#admin, groupId, topic, partition, clusterId, clock, log }),
      clock,
      log,
      warn: (facts, message) => outage.warn(log, facts, message),
      topic,
      partition,
      takeOver,
      confirmOwner: () => this.#confirmOwner(partition),
      pause: () => this.#pause(partition),
      resume: () => this.#resume(partition),
      resumeAt: (offset) => this.#resumeAt(partition, offset),
      onRefused: onFatal,
    });
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const owned = this.#partitions.get(batch.partition);
    if (owned === undefined || this.#stopping.signal.aborted || !payload.isRunning() || payload.isStale()) return;
    const records: RecordBatch = {
      records: batch.messages,
      nextOffset: BigInt(batch.lastOffset()) + 1n,
      logEnd: BigInt(batch.highWatermark),
    };
    const delivered = owned.deliver(fetchedOffsetOf(batch), records);
    const { isDelivered, error } = await this.#heartbeatWhile(delivered, payload, owned);
    if (isDelivered) payload.resolveOffset(batch.lastOffset());
    if (error !== undefined) throw error;
  }

  /**
   * Keeps the membership alive while a worker takes its time. When the group does not know this generation any more,
   * the worker gets another session timeout to finish its batch; then its ownership ends, and the error is for kafkajs,
   * which joins again.
   */
  async #heartbeatWhile(
    delivered: Promise<boolean>,
    payload: EachBatchPayload,
    owned: OwnedPartition,
  ): Promise<{ isDelivered: boolean; error?: Error }> {
    const ended = new AbortController();
    const delivery = (waitMs: number): Promise<boolean | undefined> =>
      Promise.race([
        delivered,
        this.#options.clock.sleep(waitMs, ended.signal).then(
          () => undefined,
          () => undefined,
        ),
      ]);
    try {
      for (;;) {
        const isDelivered = await delivery(this.#sessionTimeoutMs / 10);
        if (isDelivered !== undefined) return { isDelivered };
        await payload.heartbeat();
      }
    } catch (error) {
      const isDelivered = await delivery(this.#sessionTimeoutMs);
      if (isDelivered === undefined)
        owned.abandon(kafkaErrors.create("KAFKA_OWNERSHIP_LOST", "membership was lost", { cause: error }));
      return { isDelivered: isDelivered ?? false, error: toError(error) };
    } finally {
      ended.abort(new Error("delivered"));
    }
  }

  /** Asks the group's coordinator, because this member may have been thrown out without noticing. */
  async #confirmOwner(partition: number): Promise<void> {
    const { state, members } = await this.#consumer.describeGroup();
    const member = members.find(({ memberId }) => memberId === this.#memberId);
    const isOwner =
      state === "Stable" &&
      member !== undefined &&
      assignedPartitions(member.memberAssignment, this.#options.topic).includes(partition);
    if (!isOwner)
      throw kafkaErrors.create("KAFKA_NOT_OWNER", "the group does not show this member as the owner", {
        details: { state, isMember: member !== undefined },
      });
  }

  #pause(partition: number): void {
    try {
      this.#consumer.pause([{ topic: this.#options.topic, partitions: [partition] }]);
    } catch {
      // Between a crash and its restart there is nothing to pause; the next assignment pauses first.
    }
  }

  #resumeAt(partition: number, offset: bigint): void {
    const { topic } = this.#options;
    this.#consumer.seek({ topic, partition, offset: String(offset) });
    this.#resume(partition);
  }

  #resume(partition: number): void {
    const { topic } = this.#options;
    if (!this.#stopping.signal.aborted) this.#consumer.resume([{ topic, partitions: [partition] }]);
  }
}

/** kafkajs keeps where the fetch began in a field that its types leave out. */
function fetchedOffsetOf(batch: EachBatchPayload["batch"]): bigint {
  return BigInt((batch as unknown as { fetchedOffset: string }).fetchedOffset);
}

async function bounded<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: late, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  return Promise.race([running, late]);
}
