import type { Clock } from "#runtime/clock";

/**
 * What a fault does to the call that it hits:
 *
 * - `replyLost`: the call takes effect, then its connection ends with UNAVAILABLE and no reply.
 * - `requestLost`: the connection ends with UNAVAILABLE, without effect and without reply.
 * - `unavailable`: the call is answered with UNAVAILABLE (REST: 503), without effect.
 * - `resourceExhausted`: RESOURCE_EXHAUSTED (REST: 403 rateLimitExceeded), without effect; an append gets it in-band.
 * - `streamGone`: NOT_FOUND, as if the write stream had been garbage collected; without effect.
 * - `delay`: the call waits `delayMs`, then goes on.
 * - `freeze`: the call waits until this fault is removed, then goes on.
 * - `reset`: the TCP connection is reset, without effect.
 */
export const FAULT_KINDS = [
  "replyLost",
  "requestLost",
  "unavailable",
  "resourceExhausted",
  "streamGone",
  "delay",
  "freeze",
  "reset",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Calls that faults can hit. `rest` is any REST request. */
export const FAULT_CALLS = ["append", "createStream", "getStream", "finalizeStream", "rest"] as const;
export type FaultCall = (typeof FAULT_CALLS)[number];

export interface FaultSpec {
  readonly kind: FaultKind;
  /** Calls that it hits; default: `append`. */
  readonly call?: FaultCall;
  /** Only calls on this write stream (whole name). */
  readonly stream?: string;
  /** Only calls on this table, by its id. */
  readonly table?: string;
  /** How many calls it hits before it is used up; default: no limit. */
  readonly count?: number;
  /** Share of matching calls that it hits, 0 to 1; default 1. */
  readonly share?: number;
  /** Matching calls that pass untouched first; default 0. */
  readonly after?: number;
  /** For `delay`. */
  readonly delayMs?: number;
}

/** A fault that was put in place. */
export interface Fault {
  readonly id: number;
  readonly spec: FaultSpec;
  /** Calls hit so far. */
  readonly hits: number;
}

export interface FaultTarget {
  readonly call: FaultCall;
  readonly stream?: string;
  readonly table?: string;
}

interface ActiveFault {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly removed: PromiseWithResolvers<void>;
  seen: number;
  hits: number;
}

/** Faults on demand, for tests. Empty unless somebody adds one; each call asks {@link next} once, before any effect. */
export class FaultPlan {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #faults = new Map<number, ActiveFault>();
  #nextId = 1;

  /** `random` answers numbers in [0, 1); it decides for faults with a `share`. */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  add(spec: FaultSpec): Fault {
    const fault: ActiveFault = { id: this.#nextId++, spec, removed: Promise.withResolvers(), seen: 0, hits: 0 };
    this.#faults.set(fault.id, fault);
    return fault;
  }

  list(): readonly Fault[] {
    return [...this.#faults.values()].map(({ id, spec, hits }) => ({ id, spec, hits }));
  }

  /** Removes one fault; calls that it froze go on. Answers whether it was there. */
  remove(id: number): boolean {
    const fault = this.#faults.get(id);
    fault?.removed.resolve();
    return this.#faults.delete(id);
  }

  clear(): void {
    for (const id of [...this.#faults.keys()]) this.remove(id);
  }

  /** Waits out delays and freezes, and answers what else is to happen to the call. */
  async strike(target: FaultTarget): Promise<Exclude<FaultKind, "delay" | "freeze"> | undefined> {
    for (let fault = this.#next(target); fault; fault = this.#next(target, fault.id)) {
      if (fault.spec.kind === "delay") await this.#clock.sleep(fault.spec.delayMs ?? 0);
      else if (fault.spec.kind === "freeze") await fault.removed.promise;
      else return fault.spec.kind;
    }
    return undefined;
  }

  /** The next fault in order of addition, after `afterId`, that hits the call; it is counted. */
  #next(target: FaultTarget, afterId = 0): ActiveFault | undefined {
    for (const fault of this.#faults.values()) {
      if (fault.id <= afterId || !matches(fault.spec, target)) continue;
      if (fault.seen++ < (fault.spec.after ?? 0)) continue;
      if (fault.hits >= (fault.spec.count ?? Infinity)) continue;
      if (this.#random() >= (fault.spec.share ?? 1)) continue;
      fault.hits++;
      return fault;
    }
    return undefined;
  }
}

function matches(spec: FaultSpec, target: FaultTarget): boolean {
  if ((spec.call ?? "append") !== target.call) return false;
  if (spec.stream !== undefined && spec.stream !== target.stream) return false;
  return spec.table === undefined || spec.table === target.table;
}
