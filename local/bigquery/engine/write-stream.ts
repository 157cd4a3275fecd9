import type { TableRef } from "../schema/table.ts";

/**
 * A COMMITTED write stream. `rows` and `finalized` are changed by the writer queue alone, and are equal to what the
 * database holds whenever no transaction of the queue is open.
 */
export interface WriteStream {
  readonly id: number;
  /** `projects/P/datasets/D/tables/T/streams/S` */
  readonly name: string;
  readonly table: TableRef;
  /** Storage of the table it was made for; a table created anew under the same name is another one. */
  readonly storageName: string;
  readonly createdMs: number;
  rows: number;
  finalized: boolean;
}

/** What becomes of an append before its rows are looked at. `store` carries the offset that its first row gets. */
export type AppendDecision =
  | { readonly kind: "store"; readonly offset: number }
  | { readonly kind: "finalized" }
  | { readonly kind: "alreadyExists"; readonly expected: number }
  | { readonly kind: "outOfRange"; readonly expected: number };

/**
 * Decides on an append at `offset` (absent: at the stream's end).
 *
 * A smaller offset than the end is ALREADY_EXISTS even if the append reaches beyond the end: the documentation leaves
 * partly overlapping ranges open, and storing only the new part would hide a writer that re-cut its batches.
 *
 * Source: AppendRows in https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1
 */
export function decideAppend(stream: Pick<WriteStream, "rows" | "finalized">, offset?: number): AppendDecision {
  if (stream.finalized) return { kind: "finalized" };
  if (offset === undefined || offset === stream.rows) return { kind: "store", offset: stream.rows };
  return { kind: offset < stream.rows ? "alreadyExists" : "outOfRange", expected: stream.rows };
}
