import type { Clock } from "./clock.ts";

/** How long a graceful stop may still take. Steps share one deadline, so that they cannot add up beyond it. */
export class StopDeadline {
  readonly budgetMs: number;
  readonly #clock: Clock;
  readonly #atMonotonicMs: number;
  readonly #controller = new AbortController();

  constructor(clock: Clock, budgetMs: number) {
    this.budgetMs = budgetMs;
    this.#clock = clock;
    this.#atMonotonicMs = clock.monotonicMs() + budgetMs;
    clock.setTimer(budgetMs, () => this.#controller.abort(new Error("the deadline of the stop has passed")));
  }

  /** Never negative. */
  remainingMs(): number {
    return Math.max(0, this.#atMonotonicMs - this.#clock.monotonicMs());
  }

  /** Aborts when the deadline passes; hand it to whatever waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}
