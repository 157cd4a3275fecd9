/** Some 30 MB. The copies of a letter that a redelivery makes are neighbours; those of an earlier replay are farther apart. */
export const MAX_RECENT_IDS = 200_000;

/** The ids that were seen last, a bounded number of them. */
export class RecentIds {
  readonly #max: number;
  /** In the order in which they were seen. */
  readonly #ids = new Set<string>();

  constructor(max = MAX_RECENT_IDS) {
    this.#max = max;
  }

  /** False if it was there already, as far as that is remembered. */
  add(id: string): boolean {
    const isKnown = this.#ids.delete(id);
    const [oldest] = this.#ids;
    if (this.#ids.size >= this.#max && oldest !== undefined) this.#ids.delete(oldest);
    this.#ids.add(id);
    return !isKnown;
  }
}
