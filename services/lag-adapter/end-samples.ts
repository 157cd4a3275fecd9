interface Sample {
  readonly atMs: number;
  readonly end: bigint;
}

/**
 * When the end of a partition's log was where: from that comes how long its oldest record has waited, without reading
 * one. Samples are thinned when there are many, so a long outage is remembered coarsely rather than not at all.
 */
export class EndSamples {
  readonly #capacity: number;
  #samples: Sample[] = [];

  /** `capacity`: most samples that are kept, at least 2. */
  constructor(capacity = 720) {
    this.#capacity = capacity;
  }

  /** The log ended there at that moment; moments must not go back. A log that was truncated starts anew. */
  add(atMs: number, end: bigint): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && end < last.end) this.#samples = [];
    // Only a moment at which the end was reached for the first time tells something.
    if (last?.end === end) return;
    if (this.#samples.length >= this.#capacity)
      this.#samples = this.#samples.filter((_sample, index) => index % 2 === 0);
    this.#samples.push({ atMs, end });
  }

  /**
   * Milliseconds since the first sample whose end lies beyond that offset: at least so long, up to one interval of the
   * sampling less, has the record at `committed` waited. 0 if nothing lies beyond it.
   */
  ageMs(committed: bigint, nowMs: number): number {
    const first = this.#samples.find(({ end }) => end > committed);
    return first === undefined ? 0 : Math.max(0, nowMs - first.atMs);
  }

  /** What lies before was consumed. The last sample stays: it tells what the end was. */
  forget(committed: bigint): void {
    const keep = this.#samples.findIndex(({ end }) => end > committed);
    if (keep > 0) this.#samples = this.#samples.slice(keep);
    else if (keep < 0) this.#samples = this.#samples.slice(-1);
  }
}
