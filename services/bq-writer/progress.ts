import type { CommitMetadata, WriteMode } from "./commit-metadata.ts";

/** How far a partition is done, as it will be committed: an offset and what lies before it. */
export class Progress {
  readonly #mode: WriteMode;
  readonly #table: string;
  readonly #until: number;
  #offset: number;
  #stream: string | null = null;
  #rows = 0;
  #seenMs: number | undefined;

  constructor(start: {
    readonly mode: WriteMode;
    readonly table: string;
    readonly offset: number;
    readonly until: number;
    readonly seenMs: number | undefined;
  }) {
    this.#mode = start.mode;
    this.#table = start.table;
    this.#offset = start.offset;
    this.#until = start.until;
    this.#seenMs = start.seenMs;
  }

  /** Everything before it is done. */
  get offset(): number {
    return this.#offset;
  }

  /** Rows of the present stream that come from records before the offset. */
  get rows(): number {
    return this.#rows;
  }

  /** From now on rows go into this stream, which is empty; `null`: into none. */
  startStream(stream: string | null): void {
    this.#stream = stream;
    this.#rows = 0;
  }

  /** The next `rows` rows are stored: everything before `offset` is done, the last record of it was appended at `seenMs`. */
  stored(rows: number, offset: number, seenMs: number): void {
    this.#rows += rows;
    this.reached(offset, seenMs);
  }

  /** Records up to `offset` needed no row. */
  reached(offset: number, seenMs: number | undefined): void {
    if (offset < this.#offset) throw new Error(`progress goes back from ${this.#offset} to ${offset}`);
    this.#offset = offset;
    this.#seenMs = seenMs ?? this.#seenMs;
  }

  metadata(): CommitMetadata {
    return {
      v: 1,
      mode: this.#mode,
      table: this.#table,
      stream: this.#stream,
      rows: this.#rows,
      until: this.#until,
      seenMs: this.#seenMs ?? null,
    };
  }
}
