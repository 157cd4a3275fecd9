import { cutOf, type Cut, type PendingRow } from "./append-cut.ts";

export interface CutLimits {
  readonly maxRows: number;
  /** One row may be larger and is then alone. */
  readonly maxBytes: number;
}

/** Rows that are not in an append yet, and where the next append ends. */
export class RowBuffer {
  readonly #limits: CutLimits;
  #rows: PendingRow[] = [];
  #bytes = 0;

  constructor(limits: CutLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Takes a row; gives the append that was full before it. */
  push(row: PendingRow): Cut | undefined {
    const isFull = this.#rows.length >= this.#limits.maxRows || this.#bytes + row.bytes.length > this.#limits.maxBytes;
    const full = isFull ? this.cut() : undefined;
    this.#rows.push(row);
    this.#bytes += row.bytes.length;
    return full;
  }

  /** Everything that waits, as an append; `undefined` if there is nothing. */
  cut(): Cut | undefined {
    if (this.#rows.length === 0) return undefined;
    const cut = cutOf(this.#rows);
    this.#rows = [];
    this.#bytes = 0;
    return cut;
  }
}
