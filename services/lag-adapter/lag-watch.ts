import { readLag, type Kafka } from "#kafka";
import { toError, type Clock, type Logger } from "#runtime";
import { AppendRate } from "./append-rate.ts";
import { EndSamples } from "./end-samples.ts";
import { HeldValue, type Held } from "./held-value.ts";

/** Whose lag in which topic. */
export interface LagTarget {
  readonly group: string;
  readonly topic: string;
}

/** A group's lag at one moment. */
export interface GroupLag {
  /** Records that are there and not committed, over all partitions. */
  readonly records: number;
  readonly byPartition: ReadonlyMap<number, number>;
  /** How long the oldest of them has waited, seconds; what the samples can tell. */
  readonly ageSeconds: number;
  /** Records per second that the topic has got, over the last minute; undefined after the first reading. */
  readonly appendRate: number | undefined;
}

type Admin = ReturnType<Kafka["admin"]>;

export interface LagWatchOptions {
  readonly target: LagTarget;
  /** Connected, or connecting by itself. */
  readonly admin: Admin;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a value may be served after Kafka has stopped answering. */
  readonly holdMs: number;
}

const RATE_WINDOW_MS = 60_000;

/** States in which committed offsets do not tell what the members are doing. */
const REBALANCING = ["PreparingRebalance", "CompletingRebalance"];

/**
 * Reads the lag of one group in one topic and holds it.
 *
 * lag = end − max(committed, log start), per partition at least 0, nothing cut: `maxReplicas` bounds the writers, and a
 * metric cut to that bound would stay inside the HPA's tolerance one short of it. While the group rebalances the value
 * before is held: pods that are added raise the lag for a moment, which must not add more pods.
 */
export class LagWatch {
  readonly target: LagTarget;
  readonly #options: LagWatchOptions;
  readonly #held: HeldValue<GroupLag>;
  readonly #ends = new Map<number, EndSamples>();
  readonly #appendRate = new AppendRate(RATE_WINDOW_MS);

  constructor(options: LagWatchOptions) {
    this.target = options.target;
    this.#options = options;
    this.#held = new HeldValue(options.holdMs, options.clock);
  }

  read(): Held<GroupLag> {
    return this.#held.read();
  }

  /** Asks Kafka once. Never rejects; true if there is a fresh value now. */
  async poll(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const state = await this.#groupState();
      if (REBALANCING.includes(state) && this.read().kind === "known") {
        this.#held.fail(`the group is rebalancing (${state})`);
        return false;
      }
      this.#held.succeed(await this.#lag());
      return true;
    } catch (error) {
      log.warn({ err: error, ...this.target }, "the lag could not be read; the last good value is served for a while");
      this.#held.fail(toError(error).message);
      return false;
    }
  }

  async #groupState(): Promise<string> {
    const { groups } = await this.#options.admin.describeGroups([this.target.group]);
    return groups[0]?.state ?? "Dead";
  }

  async #lag(): Promise<GroupLag> {
    const { admin, clock } = this.#options;
    const partitions = await readLag(admin, this.target.group, this.target.topic);
    const nowMs = clock.nowMs();
    const ages = partitions.map(({ partition, committed, logStart, logEnd, lag }) => {
      const samples = this.#samplesOf(partition);
      samples.add(nowMs, logEnd);
      const from = committed === undefined || committed < logStart ? logStart : committed;
      samples.forget(from);
      return lag === 0n ? 0 : samples.ageMs(from, nowMs);
    });
    const byPartition = new Map(partitions.map(({ partition, lag }) => [partition, Number(lag)]));
    const records = [...byPartition.values()].reduce((sum, lag) => sum + lag, 0);
    this.#appendRate.add(
      nowMs,
      partitions.reduce((sum, { logEnd }) => sum + logEnd, 0n),
    );
    return { records, byPartition, ageSeconds: Math.max(0, ...ages) / 1000, appendRate: this.#appendRate.perSecond() };
  }

  #samplesOf(partition: number): EndSamples {
    const known = this.#ends.get(partition) ?? new EndSamples();
    this.#ends.set(partition, known);
    return known;
  }
}
