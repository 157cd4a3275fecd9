import type { ConsumedRecord } from "#kafka";

/** A row that waits for its append. */
export interface PendingRow {
  readonly bytes: Uint8Array;
  readonly eventTimeMs: number;
  /** What it was made from, for a dead letter in case BigQuery rejects it. */
  readonly record: ConsumedRecord;
}

/** The rows of one append. Frozen: it is sent with these bytes however often it is sent. */
export interface Cut {
  readonly rows: readonly PendingRow[];
  readonly bytes: number;
  /** Everything before this offset is done once these rows, and all before them, are. */
  readonly nextOffset: number;
}

/** A row that BigQuery rejected. */
export interface Poison {
  readonly kind: "poison";
  readonly record: ConsumedRecord;
  readonly detail: string;
  readonly bytes: number;
}

/** What is to be done, in the order of the log. */
export type Step =
  | { readonly kind: "append"; readonly cut: Cut }
  /** Already in the table (only with a default stream, where later appends do not wait for earlier ones). */
  | { readonly kind: "stored"; readonly cut: Cut }
  | Poison;

export function cutOf(rows: readonly PendingRow[]): Cut {
  const last = rows.at(-1);
  if (last === undefined) throw new Error("an append needs a row");
  let bytes = 0;
  for (const row of rows) bytes += row.bytes.length;
  return { rows, bytes, nextOffset: Number(last.record.offset) + 1 };
}

/** The steps that take the place of an append of which some rows were rejected: the others in between, in order. */
export function stepsAround(
  cut: Cut,
  rejected: readonly { readonly index: number; readonly message: string }[],
): Step[] {
  const steps: Step[] = [];
  let from = 0;
  for (const { index, message } of rejected.toSorted((a, b) => a.index - b.index)) {
    const row = cut.rows[index];
    if (row === undefined || index < from) continue;
    if (index > from) steps.push({ kind: "append", cut: cutOf(cut.rows.slice(from, index)) });
    steps.push({ kind: "poison", record: row.record, detail: message, bytes: row.bytes.length });
    from = index + 1;
  }
  if (from === 0) throw new Error("rows were rejected, but none of this append");
  if (from < cut.rows.length) steps.push({ kind: "append", cut: cutOf(cut.rows.slice(from)) });
  return steps;
}
