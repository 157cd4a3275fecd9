import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Field } from "../schema/field.ts";
import type { Table } from "../schema/table.ts";
import { vectorType } from "./duck-type.ts";
import type { RowBatch } from "./row-batch.ts";

/** Rows of a DuckDB vector; a chunk cannot hold more. */
const CHUNK_ROWS = 2048;

/**
 * Appends batches to one table on the writer's connection, inside whatever transaction is open there.
 *
 * Batches that come together are packed into shared chunks, because a chunk costs about as much for 40 rows as for 400.
 * Nothing is in the table before {@link flush} returned. After an error the appender is unusable: close it.
 */
export class TableAppender {
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  /** What a column takes from a batch that is older than the column. */
  readonly #absent: readonly DuckDBValue[];
  #waiting: RowBatch[] = [];
  #waitingRows = 0;

  static async open(connection: DuckDBConnection, table: Table): Promise<TableAppender> {
    return new TableAppender(await connection.createAppender(table.storageName), table.fields);
  }

  private constructor(appender: DuckDBAppender, fields: readonly Field[]) {
    this.#appender = appender;
    this.#types = fields.map(vectorType);
    this.#absent = fields.map((field) => (field.mode === "REPEATED" ? new DuckDBListValue([]) : null));
  }

  add(batch: RowBatch): void {
    if (this.#waitingRows + batch.rowCount > CHUNK_ROWS) this.#appendWaiting();
    this.#waiting.push(batch);
    this.#waitingRows += batch.rowCount;
  }

  flush(): void {
    this.#appendWaiting();
    this.#appender.flushSync();
  }

  close(): void {
    this.#waiting = [];
    this.#waitingRows = 0;
    this.#appender.closeSync();
  }

  #appendWaiting(): void {
    const batches = this.#waiting;
    const rows = this.#waitingRows;
    this.#waiting = [];
    this.#waitingRows = 0;
    if (rows <= CHUNK_ROWS) this.#appendChunk(batches, rows);
    else for (const slice of slices(batches)) this.#appendChunk([slice], slice.rowCount);
  }

  #appendChunk(batches: readonly RowBatch[], rows: number): void {
    if (rows === 0) return;
    const chunk = DuckDBDataChunk.create(this.#types, rows);
    for (let column = 0; column < this.#types.length; column++)
      fillColumn(chunk, column, batches, this.#absent[column] ?? null);
    this.#appender.appendDataChunk(chunk);
  }
}

function fillColumn(chunk: DuckDBDataChunk, column: number, batches: readonly RowBatch[], absent: DuckDBValue): void {
  const vector = chunk.getColumnVector(column);
  let row = 0;
  for (const batch of batches) {
    const values = batch.columns[column];
    for (let i = 0; i < batch.rowCount; i++) vector.setItem(row++, values ? (values[i] ?? null) : absent);
  }
  vector.flush();
}

/** Cuts batches of more than a chunk's rows. Only a single batch can be that large, see {@link TableAppender.add}. */
function* slices(batches: readonly RowBatch[]): Generator<RowBatch> {
  for (const batch of batches) {
    for (let start = 0; start < batch.rowCount; start += CHUNK_ROWS) {
      const end = Math.min(start + CHUNK_ROWS, batch.rowCount);
      yield { columns: batch.columns.map((values) => values.slice(start, end)), rowCount: end - start, bytes: 0 };
    }
  }
}
