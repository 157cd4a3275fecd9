export interface InFlightLimits {
  readonly maxAppends: number;
  /** One append may be larger and is then alone. */
  readonly maxBytes: number;
}

interface Waiting {
  readonly bytes: number;
  readonly granted: PromiseWithResolvers<undefined>;
}

/** Bounds the appends that are under way in the whole process, in number and bytes. First come, first served. */
export class InFlight {
  readonly #limits: InFlightLimits;
  #appends = 0;
  #bytes = 0;
  readonly #waiting: Waiting[] = [];

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get appends(): number {
    return this.#appends;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the append may go; `release` must follow. Rejects when the signal aborts first. */
  async acquire(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return;
    }
    const waiting: Waiting = { bytes, granted: Promise.withResolvers() };
    const onAbort = (): void => this.#giveUp(waiting, signal);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(waiting);
    await waiting.granted.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  release(bytes: number): void {
    this.#appends -= 1;
    this.#bytes -= bytes;
    this.#grant();
  }

  #giveUp(waiting: Waiting, signal: AbortSignal): void {
    const index = this.#waiting.indexOf(waiting);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    waiting.granted.reject(signal.reason);
    this.#grant();
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.granted.resolve(undefined);
    }
  }

  #take(bytes: number): void {
    this.#appends += 1;
    this.#bytes += bytes;
  }

  #fits(bytes: number): boolean {
    const { maxAppends, maxBytes } = this.#limits;
    return this.#appends === 0 || (this.#appends < maxAppends && this.#bytes + bytes <= maxBytes);
  }
}
