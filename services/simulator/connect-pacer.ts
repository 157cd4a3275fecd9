import type { Clock } from "#runtime";

/** Spreads connects: so many a second, each in its turn, however many ask at once. */
export class ConnectPacer {
  readonly #clock: Clock;
  #gapMs = 0;
  #nextMs = 0;

  constructor(clock: Clock, connectsPerSecond: number) {
    this.#clock = clock;
    this.setRate(connectsPerSecond);
  }

  /** For all turns that are not given yet. */
  setRate(connectsPerSecond: number): void {
    this.#gapMs = 1000 / connectsPerSecond;
  }

  /** Resolves when it is the caller's turn; rejects with the signal's reason as soon as it aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = turnMs + this.#gapMs;
    if (turnMs > nowMs) await this.#clock.sleep(turnMs - nowMs, signal);
  }
}
