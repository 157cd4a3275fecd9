/** A value with its age, or that there is none that one may act on. */
export type Held<T> =
  | { readonly kind: "known"; readonly value: T; readonly atMs: number }
  /** `reason` says why, for whoever asks. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * The last good value, for a while. Whoever scales by it would rather keep what is there than act on a guess, so after
 * that while the answer is an error; it is never 0.
 */
export class HeldValue<T> {
  readonly #holdMs: number;
  #last: { readonly value: T; readonly atMs: number } | undefined;
  #problem = "not read yet";

  /** `holdMs`: how long a value is good for. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** A good value was read at that moment. */
  succeed(value: T, atMs: number): void {
    this.#last = { value, atMs };
  }

  /** It could not be read; the last good one stays for its time. */
  fail(reason: string): void {
    this.#problem = reason;
  }

  read(nowMs: number): Held<T> {
    if (this.#last === undefined) return { kind: "unknown", reason: this.#problem };
    const ageMs = nowMs - this.#last.atMs;
    if (ageMs <= this.#holdMs) return { kind: "known", ...this.#last };
    return { kind: "unknown", reason: `the last good value is ${Math.round(ageMs / 1000)} s old: ${this.#problem}` };
  }
}
