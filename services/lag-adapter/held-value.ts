import type { Clock } from "#runtime";

/** A value with its age, or that there is none that one may act on. */
export type Held<T> =
  | { readonly kind: "known"; readonly value: T; /** Wall clock: when it was read. */ readonly atMs: number }
  /** `reason` says why, for whoever asks. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * The last good value, for a while. Whoever scales by it would rather keep what is there than act on a guess, so after
 * that while the answer is an error; it is never 0.
 */
export class HeldValue<T> {
  readonly #holdMs: number;
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs">;
  #last: { readonly value: T; readonly atMs: number; readonly atMonotonicMs: number } | undefined;
  #problem = "not read yet";

  /** `holdMs`: how long a value is good for, whatever happens to the wall clock. */
  constructor(holdMs: number, clock: Pick<Clock, "nowMs" | "monotonicMs">) {
    this.#holdMs = holdMs;
    this.#clock = clock;
  }

  /** A good value was read now. */
  succeed(value: T): void {
    this.#last = { value, atMs: this.#clock.nowMs(), atMonotonicMs: this.#clock.monotonicMs() };
  }

  /** It could not be read; the last good one stays for its time. */
  fail(reason: string): void {
    this.#problem = reason;
  }

  read(): Held<T> {
    if (this.#last === undefined) return { kind: "unknown", reason: this.#problem };
    const { value, atMs, atMonotonicMs } = this.#last;
    const ageMs = this.#clock.monotonicMs() - atMonotonicMs;
    if (ageMs <= this.#holdMs) return { kind: "known", value, atMs };
    return { kind: "unknown", reason: `the last good value is ${Math.round(ageMs / 1000)} s old: ${this.#problem}` };
  }
}
