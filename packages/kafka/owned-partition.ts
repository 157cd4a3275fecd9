import type { KafkaMessage } from "kafkajs";
import { AppError, retry, retryPolicy, toError, type Clock, type Logger } from "#runtime";
import { kafkaErrors } from "./errors.ts";
import type { Commit, FencedPartition, TakenOver } from "./fenced-partition.ts";

/** What an owned partition uses of its fence. */
export type Fence = Pick<FencedPartition, "state" | "takeOver" | "commit" | "read" | "close">;

/*
 * What a member does with one partition from its assignment to its loss. It outlives rebalances that leave the partition
 * here, and owns the fence and, through it, the part's worker.
 *
 *   takingOver ──▶ consuming ──▶ verifying ──▶ consuming     (rebalance, the partition stayed)
 *       ▲              │              │
 *       │              ▼              ▼
 *       └────────── recovering ◀──────┘     (a commit failed, the worker failed, or somebody else has committed)
 *
 *   refused     the partition must not be consumed; an operator has to look (from every state but released)
 *   released    it belongs to somebody else, or the service stops (from every state)
 *
 * In `recovering` the group is asked first whether the partition is still ours: a zombie that took over on its own would
 * only fence the new owner, be fenced in turn, and so on.
 */

/** See the picture above. */
export type OwnershipState = "takingOver" | "consuming" | "verifying" | "recovering" | "refused" | "released";

/** A record as it was consumed. */
export type ConsumedRecord = KafkaMessage;

/** Records of one partition in order, without gaps between batches. */
export interface RecordBatch {
  readonly records: readonly ConsumedRecord[];
  /** One more than the last offset of the batch, markers included: what to commit once all of it is done. */
  readonly nextOffset: bigint;
  /** End of the log when it was fetched. */
  readonly logEnd: bigint;
}

/** What a part gets when it takes a partition over: everybody else is fenced. */
export interface Ownership extends TakenOver {
  readonly topic: string;
  readonly partition: number;
  /** Aborts when this ownership ends for any reason: whatever was not committed belongs to the next owner. */
  readonly signal: AbortSignal;
  /** See {@link FencedPartition.commit}. After a rejection this ownership has ended. One call at a time. */
  readonly commit: (commit: Commit) => Promise<void>;
  /**
   * Stops fetching this partition, without holding up the others as a waiting `process` does; a batch that was fetched
   * already may still come.
   */
  readonly pause: () => void;
  /** Ends {@link Ownership.pause}. */
  readonly resume: () => void;
  /**
   * Says that the work has failed outside of `process`, with the consequences of a rejection there: this ownership ends,
   * and the partition is taken over again, or the consumer stops if the error is not retryable.
   */
  readonly fail: (error: unknown) => void;
}

/** A part's work on one partition, for one ownership. */
export interface PartitionWorker {
  /** Where consuming starts, if not at the ownership's `startOffset`. */
  readonly startOffset?: bigint;
  /**
   * Takes a batch. Waiting is how a full buffer slows the intake down; it must end when the ownership's signal aborts.
   * A rejection makes the partition be taken over again, or stops the consumer if the error is not retryable.
   */
  process(batch: RecordBatch): Promise<void>;
  /** Finishes and commits what was taken, before the partition is given up in order. */
  drain(): Promise<void>;
}

/** What an owned partition needs from its consumer. */
export interface OwnershipPorts {
  readonly fence: Fence;
  readonly clock: Clock;
  readonly log: Logger;
  /** Warns of what an outage of Kafka may have caused. */
  readonly warn: (facts: object, message: string) => void;
  readonly topic: string;
  readonly partition: number;
  readonly takeOver: (ownership: Ownership) => Promise<PartitionWorker>;
  /** Rejects unless the group shows this member as the owner. */
  readonly confirmOwner: () => Promise<void>;
  /** Fetching stops, and what was fetched already is not delivered. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Fetching goes on at the offset. Throws while the consumer is restarting. */
  readonly resumeAt: (offset: bigint) => void;
  /** The partition cannot be consumed, and trying again does not help. */
  readonly onRefused: (error: Error) => void;
}

const TAKEOVER_RETRY = retryPolicy({ initialDelayMs: 50, maxDelayMs: 2000 });

export class OwnedPartition {
  readonly #ports: OwnershipPorts;
  readonly #released = new AbortController();
  #state: OwnershipState = "takingOver";
  #ownership = new AbortController();
  #worker: PartitionWorker | undefined;
  #nextOffset = 0n;
  /** Where a batch did not continue and was asked for again; see {@link OwnedPartition.deliver}. */
  #askedAgainAt: bigint | undefined;
  #isPausedByWorker = false;
  #lastCommit: Commit | undefined;

  constructor(ports: OwnershipPorts) {
    this.#ports = ports;
    void this.#takeOverUntilDone();
  }

  get state(): OwnershipState {
    return this.#state;
  }

  /** The group has assigned the partition to this member again, in a new generation. */
  async keep(): Promise<void> {
    this.#ports.pause();
    // A takeover under way ends by itself, with a seek that the new generation obeys.
    if (this.#state !== "consuming") return;
    this.#setState("verifying");
    const isUnchanged = await this.#isUnchanged();
    // A failed commit or a release may have come in between.
    if (this.state !== "verifying") return;
    try {
      if (!isUnchanged) throw new Error("somebody else has committed, or the question was not answered");
      this.#consumeFrom(this.#nextOffset);
    } catch (error) {
      this.#recover(toError(error));
    }
  }

  /**
   * Gives a batch to the worker. Never rejects. False if it must not count as read: nothing is consumed now, or the batch does not
   * continue where the last one ended.
   *
   * A batch that was fetched before a seek may still come after it, at most one: kafkajs lets only one fetch at a time
   * hold a partition. Such a batch is dropped and the right one asked for again. If the next one starts late too, then
   * the offsets between hold only markers or records that compaction removed.
   */
  async deliver(fetchedOffset: bigint, batch: RecordBatch): Promise<boolean> {
    const worker = this.#worker;
    const ownership = this.#ownership.signal;
    if (this.#state !== "consuming" || worker === undefined) return false;
    const isGapKnown = this.#askedAgainAt === this.#nextOffset;
    if (fetchedOffset < this.#nextOffset || (fetchedOffset > this.#nextOffset && !isGapKnown)) {
      this.#askAgain();
      return false;
    }
    this.#askedAgainAt = undefined;
    try {
      await worker.process(batch);
    } catch (error) {
      if (!ownership.aborted) this.#fail(error);
      return false;
    }
    if (ownership.aborted) return false;
    this.#nextOffset = batch.nextOffset;
    return true;
  }

  /** Finishes what was taken; for the orderly stop. The partition must be paused. */
  async drain(): Promise<void> {
    if (this.#state === "consuming") await this.#worker?.drain();
  }

  /** This ownership ends although nobody said so yet; the next generation, or the group, will tell what follows. */
  abandon(reason: Error): void {
    if (this.#state === "consuming" || this.#state === "verifying") this.#recover(reason);
  }

  /** The partition is not ours any more. */
  release(reason: Error): void {
    if (this.#state === "released") return;
    this.#setState("released");
    this.#endOwnership(reason);
    this.#released.abort(reason);
    this.#ports.fence.close();
  }

  /** The only place where the state changes. */
  #setState(next: OwnershipState): void {
    if (this.#state === "released" || (this.#state === "refused" && next !== "released"))
      throw new Error(`owned partition: ${next} does not follow ${this.#state}`);
    this.#state = next;
  }

  async #takeOverUntilDone(): Promise<void> {
    const { clock, warn } = this.#ports;
    try {
      await retry(TAKEOVER_RETRY, () => this.#takeOver(), {
        clock,
        signal: this.#released.signal,
        onRetry: ({ error, delayMs }) => warn({ err: error, delayMs }, "takeover failed, it will be tried again"),
      });
    } catch (error) {
      if (!this.#released.signal.aborted) this.#refuse(toError(error));
    }
  }

  async #takeOver(): Promise<void> {
    const { fence, topic, partition, takeOver, confirmOwner, log } = this.#ports;
    if (this.#state === "recovering") await confirmOwner();
    const taken = await this.#fenced(fence);
    const controller = new AbortController();
    this.#ownership = controller;
    this.#lastCommit = taken.committed;
    this.#isPausedByWorker = false;
    const commit = (given: Commit): Promise<void> => this.#commit(given, controller);
    const pause = (): void => this.#pauseByWorker(controller);
    const resume = (): void => this.#resumeByWorker(controller);
    const fail = (error: unknown): void => this.#failByWorker(error, controller);
    const given = { ...taken, topic, partition, signal: controller.signal, commit, pause, resume, fail };
    try {
      const worker = await takeOver(given);
      this.#released.signal.throwIfAborted();
      controller.signal.throwIfAborted();
      this.#worker = worker;
      this.#consumeFrom(worker.startOffset ?? taken.startOffset);
      log.info(
        { offset: String(this.#nextOffset), committed: String(taken.committed?.offset) },
        "partition taken over",
      );
    } catch (error) {
      this.#endOwnership(toError(error));
      // From now on the group is asked before anybody is fenced.
      if (this.#state === "takingOver") this.#setState("recovering");
      throw error;
    }
  }

  async #fenced(fence: Fence): Promise<TakenOver> {
    try {
      return await fence.takeOver();
    } finally {
      if (this.#state === "takingOver" && fence.state !== "owned") this.#setState("recovering");
    }
  }

  #pauseByWorker(ownership: AbortController): void {
    if (ownership.signal.aborted) return;
    this.#isPausedByWorker = true;
    this.#ports.pause();
  }

  #resumeByWorker(ownership: AbortController): void {
    if (ownership.signal.aborted) return;
    this.#isPausedByWorker = false;
    if (this.#state === "consuming") this.#ports.resume();
  }

  #failByWorker(error: unknown, ownership: AbortController): void {
    if (ownership.signal.aborted) return;
    if (this.#state === "consuming" || this.#state === "verifying") this.#fail(error);
    // During a takeover its own loop tries again.
    else ownership.abort(toError(error));
  }

  #askAgain(): void {
    this.#askedAgainAt = this.#nextOffset;
    try {
      this.#fetchFrom(this.#nextOffset);
    } catch (error) {
      this.#ports.log.debug({ err: error }, "the consumer is restarting, its next assignment seeks");
    }
  }

  #consumeFrom(offset: bigint): void {
    this.#fetchFrom(offset);
    this.#nextOffset = offset;
    this.#askedAgainAt = undefined;
    this.#setState("consuming");
  }

  /** A seek resumes as well, and the worker's pause outlives it. */
  #fetchFrom(offset: bigint): void {
    this.#ports.resumeAt(offset);
    if (this.#isPausedByWorker) this.#ports.pause();
  }

  async #commit(commit: Commit, ownership: AbortController): Promise<void> {
    if (ownership.signal.aborted)
      throw kafkaErrors.create("KAFKA_OWNERSHIP_LOST", "this ownership has ended", { cause: ownership.signal.reason });
    if (this.#ports.fence.state === "committing") throw new Error("one commit at a time");
    try {
      await this.#ports.fence.commit(commit);
      this.#lastCommit = commit;
    } catch (error) {
      ownership.abort(error);
      // During a takeover its own loop tries again.
      if (this.#state === "consuming" || this.#state === "verifying") this.#recover(toError(error));
      throw error;
    }
  }

  async #isUnchanged(): Promise<boolean> {
    try {
      // A commit that was under way while the question was asked changes the answer; then taking over is right as well.
      const expected = this.#lastCommit;
      const { committed } = await this.#ports.fence.read();
      return (
        expected === this.#lastCommit &&
        committed?.offset === expected?.offset &&
        committed?.metadata === expected?.metadata
      );
    } catch (error) {
      this.#ports.warn({ err: error }, "could not verify the ownership, taking over again");
      return false;
    }
  }

  #fail(error: unknown): void {
    if (error instanceof AppError && !error.retryable) this.#refuse(error);
    else this.#recover(toError(error));
  }

  #recover(reason: Error): void {
    this.#ports.warn({ err: reason }, "ownership is in doubt: taking the partition over again");
    this.#ports.pause();
    this.#setState("recovering");
    this.#endOwnership(reason);
    void this.#takeOverUntilDone();
  }

  #refuse(error: Error): void {
    this.#ports.pause();
    this.#setState("refused");
    this.#endOwnership(error);
    this.#ports.onRefused(error);
  }

  #endOwnership(reason: Error): void {
    this.#worker = undefined;
    this.#ownership.abort(reason);
  }
}
