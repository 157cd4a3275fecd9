import type { Table } from "../schema/table.ts";
import type { RowBatch } from "./row-batch.ts";
import type { AppendDecision, WriteStream } from "./write-stream.ts";

/** Rows for one table, through a write stream or (without one) at least once. */
export interface AppendTask {
  readonly table: Table;
  readonly batch: RowBatch;
  readonly stream?: WriteStream;
  /** Offset in the stream that the client expects the first row to get. */
  readonly offset?: number;
}

export type AppendOutcome = AppendDecision | { readonly kind: "tableGone" };
