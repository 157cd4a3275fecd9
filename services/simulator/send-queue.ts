import type { Pending } from "./ledger.ts";

/** A reading on its way out of its device. */
export interface Outgoing {
  readonly pending: Pending;
  /** Its place in the order of sending; usually its `seq`. */
  readonly rank: number;
  /** How often it is published once more after it was delivered. */
  readonly copies: number;
  /** It was delivered already; a copy that fails is not sent again. */
  readonly isCopy: boolean;
  /** Called once, at the first delivery. */
  readonly onDelivered?: (() => void) | undefined;
}

/** When a reading may be sent. */
export interface SendTime {
  /** Not before; wall clock. */
  readonly notBeforeMs: number;
  /** After the reading that follows it. */
  readonly afterNext: boolean;
}

/**
 * In which order one device sends: by `seq`, but for readings that are late or out of order on purpose; what was tried
 * in vain takes its old place again. Not bounded by itself: the ledger bounds the readings of all devices together.
 */
export class SendQueue {
  /** By rank. */
  #ready: Outgoing[] = [];
  /** By time. */
  #late: { readonly outgoing: Outgoing; readonly notBeforeMs: number }[] = [];
  /** Out of order: wait for the next reading. */
  #parked: Outgoing[] = [];

  get isEmpty(): boolean {
    return this.#ready.length + this.#late.length + this.#parked.length === 0;
  }

  /** When {@link release} has something to do next; `Infinity`: never. */
  get nextReleaseMs(): number {
    return this.#late[0]?.notBeforeMs ?? Infinity;
  }

  /** Takes a new reading. Lateness goes before being out of order. */
  add(outgoing: Outgoing, { notBeforeMs, afterNext }: SendTime, nowMs: number): void {
    if (notBeforeMs > nowMs) {
      const at = this.#late.findLastIndex((other) => other.notBeforeMs <= notBeforeMs) + 1;
      this.#late.splice(at, 0, { outgoing, notBeforeMs });
    } else if (afterNext) {
      // Behind the next one and before the one after it.
      this.#parked.push({ ...outgoing, rank: outgoing.rank + 1.5 });
    } else {
      this.putBack(outgoing);
      this.#unpark();
    }
  }

  /** The next one to send. */
  take(): Outgoing | undefined {
    return this.#ready.shift();
  }

  /** Puts one where it belongs by its rank. */
  putBack(outgoing: Outgoing): void {
    const last = this.#ready.at(-1);
    if (last === undefined || last.rank <= outgoing.rank) {
      this.#ready.push(outgoing);
      return;
    }
    // What failed belongs to the front.
    const at = this.#ready.findIndex((other) => other.rank > outgoing.rank);
    this.#ready.splice(at, 0, outgoing);
  }

  /** Lets go what is late enough. */
  release(nowMs: number): void {
    const tooLate = this.#late.findIndex(({ notBeforeMs }) => notBeforeMs > nowMs);
    const free = this.#late.splice(0, tooLate < 0 ? this.#late.length : tooLate);
    for (const { outgoing } of free) this.putBack(outgoing);
  }

  /** Lets everything go: no reading follows. */
  releaseAll(): void {
    this.release(Infinity);
    this.#unpark();
  }

  #unpark(): void {
    for (const parked of this.#parked) this.putBack(parked);
    this.#parked = [];
  }
}
