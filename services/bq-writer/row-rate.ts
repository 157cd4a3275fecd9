import type { Clock } from "#runtime";

/**
 * Keeps the process below a number of rows per second, so that it stays inside a quota: a bucket that holds the rows of
 * one second and fills at that rate. An append larger than the bucket takes it into debt, and the next one waits longer.
 */
export class RowRate {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  /** `perSecond` undefined: no limit. */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#perSecond = perSecond ?? Infinity;
    this.#left = this.#perSecond;
    this.#atMs = clock.monotonicMs();
  }

  /** Takes the rows out of the bucket and waits until it would have held them. */
  async take(rows: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === Infinity) return;
    const nowMs = this.#clock.monotonicMs();
    this.#left = Math.min(this.#perSecond, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
    this.#left -= rows;
    if (this.#left < 0) await this.#clock.sleep((-this.#left * 1000) / this.#perSecond, signal);
  }
}
