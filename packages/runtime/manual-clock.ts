import { sleepOn, type Clock, type Timer } from "./clock.ts";

interface Entry {
  dueMs: number;
  readonly order: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** A clock for tests that stands still until it is advanced. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  nowMicros(): bigint {
    return BigInt(Math.floor(this.#nowMs * 1000));
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  setTimer(ms: number, callback: () => void): Timer {
    return this.#add(ms, undefined, callback);
  }

  setInterval(ms: number, callback: () => void): Timer {
    return this.#add(ms, Math.max(ms, 1), callback);
  }

  /** How many timers are waiting: lets a test see that nothing was left behind. */
  get pendingTimers(): number {
    return this.#entries.size;
  }

  /**
   * Moves time forward by `ms` and runs what falls due, in order of time, then of creation. After each timer pending
   * promise callbacks run, so that a loop of sleeps proceeds as it would in real time.
   */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#nextDue(targetMs); next !== undefined; next = this.#nextDue(targetMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#entries.delete(next);
      else next.dueMs += next.everyMs;
      next.callback();
      await settle();
    }
    this.#nowMs = targetMs;
  }

  #add(ms: number, everyMs: number | undefined, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(ms, 0), order: this.#order++, everyMs, callback };
    this.#entries.add(entry);
    return { clear: () => void this.#entries.delete(entry) };
  }

  #nextDue(limitMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.dueMs > limitMs) continue;
      if (
        first === undefined ||
        entry.dueMs < first.dueMs ||
        (entry.dueMs === first.dueMs && entry.order < first.order)
      )
        first = entry;
    }
    return first;
  }
}

/** Lets chains of promise callbacks run dry: a turn of the event loop comes after all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
