import type { ConsumedRecord } from "#kafka";
import type { PendingRow } from "./append-cut.ts";
import type { RejectedRecord } from "./dead-letters.ts";
import type { RowSource } from "./readings.ts";

/** What becomes of the records of one fetch. */
export interface JudgedRecords {
  readonly rows: readonly PendingRow[];
  readonly rejected: readonly RejectedRecord[];
  /** Records that were done already. */
  readonly passedOver: number;
}

/** Records with an offset up to `until` are passed over, whatever they hold; of the others each is a row or rejected. */
export function judgeRecords(
  records: readonly ConsumedRecord[],
  { until, partition, toRow }: { readonly until: number; readonly partition: number; readonly toRow: RowSource },
): JudgedRecords {
  const rows: PendingRow[] = [];
  const rejected: RejectedRecord[] = [];
  let passedOver = 0;
  for (const record of records) {
    if (Number(record.offset) <= until) {
      passedOver += 1;
      continue;
    }
    const row = toRow(record);
    if (row.ok) rows.push({ bytes: row.bytes, eventTimeMs: row.eventTimeMs, record });
    else rejected.push({ reason: row.reason, detail: row.detail, record, partition });
  }
  return { rows, rejected, passedOver };
}
