/** A topic, its writers, the lag adapter and the HPA, second by second: what the HPA decides changes what it sees. */
import { decide, initialMemory, SYNC_MS, type HpaSpec } from "../hpa-model.ts";

export interface Course {
  readonly spec: HpaSpec;
  readonly rowsPerSecond: number;
  readonly seconds: number;
  /** Records that arrive in that second. */
  readonly arrivals: (second: number) => number;
  /** Records that lie there at the beginning. */
  readonly backlog?: number;
  /** Whether the adapter answers; default: always. */
  readonly isKnown?: (second: number) => boolean;
  /** Whether a writer is replaced in that second, so that all of them rebalance; default: never. */
  readonly isRestarted?: (second: number) => boolean;
  /** Whether BigQuery takes rows; default: always. */
  readonly isStoring?: (second: number) => boolean;
  /** Time between two commits: till then what is stored is lag; default 2 s. */
  readonly commitSeconds?: number;
  /** In [0, 1); of the numbers that nobody controls. */
  readonly random: () => number;
}

export interface Second {
  readonly lag: number;
  /** What the HPA would have been told. */
  readonly metric: number | undefined;
  readonly replicas: number;
}

/** The adapter's average of what arrives. */
const RATE_SECONDS = 60;
const PARTITIONS = 12;
/** From the decision until a new writer joins the group. */
const START_SECONDS = 8;
/** Nobody writes while partitions are taken over. */
const REBALANCE_SECONDS = 4;
const POLL_SECONDS = 5;
const always = (): boolean => true;
const never = (): boolean => false;

export function run(course: Course): Second[] {
  const { spec, seconds, arrivals, random, commitSeconds = 2 } = course;
  const { isKnown = always, isStoring = always, isRestarted = never } = course;
  const lags = Array.from({ length: PARTITIONS }, () => (course.backlog ?? 0) / PARTITIONS);
  const writers = new Writers(spec.minReplicas, course.rowsPerSecond);
  // Nobody's clocks are in step.
  const syncPhase = Math.floor((random() * SYNC_MS) / 1000);
  let memory = initialMemory(0, spec.minReplicas);
  let replicas = spec.minReplicas;
  let metric: number | undefined;
  let rate: number | undefined;
  let arrived = course.backlog ?? 0;
  const ends: number[] = [];
  const seen: Second[] = [];
  for (let second = 0; second < seconds; second += 1) {
    for (const partition of lags.keys()) lags[partition] = (lags[partition] ?? 0) + arrivals(second) / PARTITIONS;
    if (isRestarted(second)) writers.rebalance(second);
    if (isStoring(second)) writers.work(second, lags);
    ends.push((arrived += arrivals(second)));
    const lag = lags.reduce((sum, each) => sum + each, 0);
    const uncommitted = (second % commitSeconds) * Math.min(arrivals(second), writers.rate);
    // The adapter holds its value while the group rebalances.
    if (second % POLL_SECONDS === 0 && !writers.isRebalancing(second)) metric = lag + uncommitted;
    if (second % POLL_SECONDS === 0 && second > 0) {
      const since = Math.max(0, second - RATE_SECONDS);
      rate = (arrived - (ends[since] ?? 0)) / (second - since);
    }
    const told = isKnown(second) ? [metric, rate] : [];
    if (second % (SYNC_MS / 1000) === syncPhase) {
      // Its rounds are never exactly 15 s apart.
      const atMs = second * 1000 + Math.floor(random() * 500);
      const decision = decide(spec, memory, { atMs, replicas, metrics: told });
      memory = decision.memory;
      if (decision.replicas !== replicas) writers.scale(second, decision.replicas);
      replicas = decision.replicas;
    }
    seen.push({ lag, metric: told[0], replicas });
  }
  return seen;
}

/** The group: who has which partitions, and when it can work. */
class Writers {
  readonly #rowsPerSecond: number;
  #members: number;
  #wanted: { readonly members: number; readonly atSecond: number } | undefined;
  #rebalancedAt = 0;

  constructor(members: number, rowsPerSecond: number) {
    this.#members = members;
    this.#rowsPerSecond = rowsPerSecond;
  }

  get rate(): number {
    return this.#members * this.#rowsPerSecond;
  }

  isRebalancing(second: number): boolean {
    return second < this.#rebalancedAt;
  }

  scale(second: number, members: number): void {
    this.#wanted = { members, atSecond: second + (members > this.#members ? START_SECONDS : 1) };
  }

  rebalance(second: number): void {
    this.#rebalancedAt = second + REBALANCE_SECONDS;
  }

  work(second: number, lags: number[]): void {
    if (this.#wanted !== undefined && second >= this.#wanted.atSecond) {
      this.#members = this.#wanted.members;
      this.#wanted = undefined;
      this.rebalance(second);
    }
    if (this.isRebalancing(second)) return;
    for (let member = 0; member < this.#members; member += 1) {
      let left = this.#rowsPerSecond;
      for (let partition = member; partition < lags.length; partition += this.#members) {
        const share = left / Math.ceil((lags.length - partition) / this.#members);
        const stored = Math.min(lags[partition] ?? 0, share);
        lags[partition] = (lags[partition] ?? 0) - stored;
        left -= stored;
      }
    }
  }
}

/** How often growing turned into shrinking, or the other way round. */
export function directionChanges(replicas: readonly number[]): number {
  const steps = replicas.slice(1).map((count, index) => Math.sign(count - (replicas[index] ?? count)));
  const moves = steps.filter((step) => step !== 0);
  return moves.filter((step, index) => index > 0 && step !== moves[index - 1]).length;
}

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
