import type { Clock } from "#runtime";

/**
 * Keeps the process below a number of rows per second, so that it stays inside a quota: a bucket that holds the rows of
 * one second and fills at that rate. An append larger than the bucket takes it into debt, and the next one waits longer.
 *
 * Whoever waits has taken already, so the waits of many partitions add up: to as long as everything that the process
 * holds takes at this rate. A stop must not wait for that; it ends the waits.
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

  /**
   * Takes the rows out of the bucket and waits until it would have held them. False, and nothing is taken, when
   * `patience` aborts before that; what need not be waited for is given even then.
   */
  async take(rows: number, patience: AbortSignal): Promise<boolean> {
    if (this.#perSecond === Infinity) return true;
    const nowMs = this.#clock.monotonicMs();
    this.#left = Math.min(this.#perSecond, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
    this.#left -= rows;
    if (this.#left >= 0) return true;
    try {
      await this.#clock.sleep((-this.#left * 1000) / this.#perSecond, patience);
      return true;
    } catch {
      this.giveBack(rows);
      return false;
    }
  }

  /** Rows that were taken and not appended. */
  giveBack(rows: number): void {
    this.#left = Math.min(this.#perSecond, this.#left + rows);
  }
}
