/** A complete result that can be read from any row on, again and again, until it is disposed of. */
export interface StoredResult {
  readonly totalRows: number;
  readonly isSpooled: boolean;
  /**
   * Rows from `start` on as JSON text: at most `maxRows`, and at most `maxBytes` of text, but one row at least if there
   * is one.
   */
  read(start: number, maxRows: number, maxBytes: number): Promise<string[]>;
  /** Gives back memory and disk. Reads under way may fail after it. */
  dispose(): Promise<void>;
}

/** Collects rows up to the bounds of a page; `add` answers false when a row does not fit any more. */
export class PageCollector {
  readonly rows: string[] = [];
  readonly #maxRows: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxRows: number, maxBytes: number) {
    this.#maxRows = maxRows;
    this.#maxBytes = maxBytes;
  }

  add(row: string): boolean {
    const bytes = Buffer.byteLength(row) + 1;
    const fits = this.rows.length === 0 || this.#bytes + bytes <= this.#maxBytes;
    if (this.rows.length >= this.#maxRows || !fits) return false;
    this.#bytes += bytes;
    this.rows.push(row);
    return true;
  }
}
