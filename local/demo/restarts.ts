import type { Clock } from "#runtime";

/** Ended again so soon after its start, a program has failed to start. */
const QUICK_MS = 10_000;
/** So many quick ends in a row are no accident. */
const MAX_QUICK_ENDS = 3;

/**
 * Decides whether a program that ended by itself is started again, as Kubernetes would: always, unless it has ended
 * quickly several times in a row. Each program is counted by its name.
 */
export class Restarts {
  readonly #clock: Clock;
  readonly #lives = new Map<string, { startedMs: number; quickEnds: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It runs from now on. */
  started(name: string): void {
    this.#lives.set(name, { startedMs: this.#clock.monotonicMs(), quickEnds: this.#lives.get(name)?.quickEnds ?? 0 });
  }

  /** It has ended; false: it is given up. */
  ended(name: string): boolean {
    const { startedMs, quickEnds } = this.#lives.get(name) ?? { startedMs: -Infinity, quickEnds: 0 };
    const isQuick = this.#clock.monotonicMs() - startedMs < QUICK_MS;
    const counted = isQuick ? quickEnds + 1 : 0;
    this.#lives.set(name, { startedMs, quickEnds: counted });
    return counted < MAX_QUICK_ENDS;
  }
}
