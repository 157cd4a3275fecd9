import type { ResultBudget } from "./result-budget.ts";
import { ResultSpool } from "./result-spool.ts";
import { PageCollector, type StoredResult } from "./stored-result.ts";

/** A result up to this size stays in memory. */
export const MAX_MEMORY_RESULT_BYTES = 1024 * 1024;

/**
 * Takes a result's rows as they come: in memory while they are few and the budget has room, in a file from then on.
 * Ends with {@link finish} or {@link abandon}.
 */
export class ResultWriter {
  readonly #path: string;
  readonly #budget: ResultBudget;
  #rows: string[] = [];
  #bytes = 0;
  #spool: ResultSpool | undefined;

  /** `path` is where a file goes if one is needed; nothing may be there. */
  constructor(path: string, budget: ResultBudget) {
    this.#path = path;
    this.#budget = budget;
  }

  async append(rows: readonly string[]): Promise<void> {
    const bytes = rows.reduce((sum, row) => sum + 2 * row.length, 0);
    const fits = this.#bytes + bytes <= 2 * MAX_MEMORY_RESULT_BYTES;
    if (!this.#spool && fits && this.#budget.tryTakeMemory(bytes)) {
      this.#bytes += bytes;
      for (const row of rows) this.#rows.push(row);
      return;
    }
    this.#spool ??= await this.#moveToSpool();
    await this.#spool.append(rows);
  }

  async finish(): Promise<StoredResult> {
    await this.#spool?.finish();
    return this.#spool ?? memoryResult(this.#rows, () => this.#forget());
  }

  async abandon(): Promise<void> {
    this.#forget();
    await this.#spool?.dispose();
  }

  async #moveToSpool(): Promise<ResultSpool> {
    const spool = await ResultSpool.create(this.#path, this.#budget);
    try {
      if (this.#rows.length > 0) await spool.append(this.#rows);
    } catch (error) {
      await spool.dispose();
      throw error;
    }
    this.#forget();
    return spool;
  }

  #forget(): void {
    this.#budget.giveMemory(this.#bytes);
    this.#bytes = 0;
    this.#rows = [];
  }
}

function memoryResult(rows: readonly string[], forget: () => void): StoredResult {
  return {
    totalRows: rows.length,
    isSpooled: false,
    read: (start, maxRows, maxBytes) => {
      const page = new PageCollector(maxRows, maxBytes);
      for (let row = start; row < rows.length && page.add(rows[row] ?? ""); row++);
      return Promise.resolve(page.rows);
    },
    dispose: () => {
      forget();
      return Promise.resolve();
    },
  };
}
