import { type FileHandle, open, rm } from "node:fs/promises";
import { ApiError } from "./api-error.ts";
import type { ResultBudget } from "./result-budget.ts";
import { PageCollector, type StoredResult } from "./stored-result.ts";

/** Rows are found by blocks: one entry of the index for so many rows, or for so many bytes if they are long. */
const BLOCK_ROWS = 256;
const BLOCK_BYTES = 64 * 1024;

interface Block {
  readonly firstRow: number;
  readonly offset: number;
}

/**
 * A result in a file, one row of JSON text a line (JSON text has no line breaks of its own), with an index of blocks in
 * memory. Written once from front to back, then read from anywhere. The file is open while it is written and during each
 * read: a thousand kept results must not cost a thousand descriptors.
 */
export class ResultSpool implements StoredResult {
  readonly isSpooled = true;
  readonly #path: string;
  #writing: FileHandle | undefined;
  readonly #budget: ResultBudget;
  readonly #blocks: Block[] = [];
  #rows = 0;
  #size = 0;
  #disposed = false;

  static async create(path: string, budget: ResultBudget): Promise<ResultSpool> {
    return new ResultSpool(path, await open(path, "wx", 0o600), budget);
  }

  private constructor(path: string, file: FileHandle, budget: ResultBudget) {
    this.#path = path;
    this.#writing = file;
    this.#budget = budget;
  }

  get totalRows(): number {
    return this.#rows;
  }

  /** Appends rows. One call at a time, and none after {@link finish}. */
  async append(rows: readonly string[]): Promise<void> {
    const lines = Buffer.from(rows.map((row) => `${row}\n`).join(""), "utf8");
    this.#budget.takeSpool(lines.length);
    const start = this.#size;
    this.#size += lines.length;
    this.#index(rows, start);
    if (!this.#writing) throw new Error("the spool is finished");
    await writeFully(this.#writing, lines, start);
  }

  /** Ends the writing. */
  async finish(): Promise<void> {
    const file = this.#writing;
    this.#writing = undefined;
    await file?.close();
  }

  async read(start: number, maxRows: number, maxBytes: number): Promise<string[]> {
    const page = new PageCollector(maxRows, maxBytes);
    const file = await this.#openToRead();
    try {
      for (let block = this.#blockOf(start); block < this.#blocks.length; block++) {
        const skip = Math.max(0, start - (this.#blocks[block]?.firstRow ?? 0));
        const rows = (await this.#readBlock(file, block)).slice(skip);
        if (!rows.every((row) => page.add(row))) break;
      }
    } finally {
      await file.close();
    }
    return page.rows;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#budget.giveSpool(this.#size);
    await this.finish();
    await rm(this.#path, { force: true });
  }

  /** Between a request's look-up of its job and this, the job may have been dropped. */
  async #openToRead(): Promise<FileHandle> {
    try {
      return await open(this.#path, "r");
    } catch (error) {
      if (this.#disposed) throw new ApiError("notFound", "Not found: the job's results have expired");
      throw error;
    }
  }

  #index(rows: readonly string[], start: number): void {
    let offset = start;
    for (const row of rows) {
      const last = this.#blocks.at(-1);
      const isFull = !last || this.#rows - last.firstRow >= BLOCK_ROWS || offset - last.offset >= BLOCK_BYTES;
      if (isFull) this.#blocks.push({ firstRow: this.#rows, offset });
      offset += Buffer.byteLength(row) + 1;
      this.#rows++;
    }
  }

  /** The last block that starts at or before `row`. */
  #blockOf(row: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.firstRow ?? 0) <= row) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  async #readBlock(file: FileHandle, block: number): Promise<string[]> {
    const from = this.#blocks[block]?.offset ?? 0;
    const to = this.#blocks[block + 1]?.offset ?? this.#size;
    const bytes = Buffer.allocUnsafe(to - from);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) throw new Error("a result's spool file is shorter than its index");
      filled += bytesRead;
    }
    return bytes.toString("utf8", 0, bytes.length - 1).split("\n");
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
