interface Sample {
  readonly atMs: number;
  readonly end: bigint;
}

/** How fast a log grows, from where its end was when, averaged over a time; nothing is read. */
export class AppendRate {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The log ended there at that moment. A log that was truncated, and a clock that was set back, start anew. */
  add(atMs: number, end: bigint): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (end < last.end || atMs <= last.atMs)) this.#samples = [];
    this.#samples.push({ atMs, end });
    // The newest that is older than the window stays: from there on it is measured.
    const from = this.#samples.findLastIndex((sample) => sample.atMs <= atMs - this.#windowMs);
    if (from > 0) this.#samples = this.#samples.slice(from);
  }

  /** Records per second; undefined until the end was seen twice. */
  perSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    return (Number(last.end - first.end) * 1000) / (last.atMs - first.atMs);
  }
}
