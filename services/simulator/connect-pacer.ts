import pLimit from "p-limit";
import type { Clock } from "#runtime";

/**
 * Most connects under way at once. With TLS each costs milliseconds of computing on both sides; a machine that falls behind
 * must not begin further ones, or each takes longer than its time limit, and all begin again.
 */
export const MAX_CONNECTING = 32;

/** Spreads connects: so many a second, and so many under way, each in its turn, however many ask at once. */
export class ConnectPacer {
  readonly #clock: Clock;
  readonly #inRoom = pLimit(MAX_CONNECTING);
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

  /**
   * Connects when it is the caller's turn; rejects as `connect` does, or with the signal's reason if it aborts before that.
   * `connect` must end at an abort: others wait behind it.
   */
  async connect<T>(signal: AbortSignal, connect: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    return this.#inRoom(() => {
      signal.throwIfAborted();
      return connect();
    });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = turnMs + this.#gapMs;
    if (turnMs > nowMs) await this.#clock.sleep(turnMs - nowMs, signal);
  }
}
