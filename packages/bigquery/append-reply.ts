import type { protos } from "@google-cloud/bigquery-storage";
import { status } from "@grpc/grpc-js";

export type RawReply = protos.google.cloud.bigquery.storage.v1.IAppendRowsResponse;

/** A row that BigQuery will not take, by its place in the append. */
export interface RowError {
  readonly index: number;
  readonly message: string;
}

/**
 * What an answer, or the end of a connection, says about an append:
 *
 * - `stored`: its rows are in the table, now or since an earlier copy of it.
 * - `rejected`: some rows do not fit; none of the append was stored.
 * - `outOfRange`: something before it is not in the stream; not stored.
 * - `transient`: may have been stored or not; to be sent again, the same bytes.
 * - `lost`: the stream takes no more.
 * - `refused`: trying again does not help.
 */
export type Verdict =
  | { readonly kind: "stored"; readonly offset: number | undefined }
  | { readonly kind: "rejected"; readonly rows: readonly RowError[] }
  | { readonly kind: "outOfRange" | "transient" | "lost" | "refused"; readonly code: number; readonly message: string };

/**
 * Judges an answer. Source: AppendRows and AppendRowsResponse in
 * https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1
 */
export function judgeReply({ appendResult, error, rowErrors }: RawReply): Verdict {
  if (appendResult) {
    const offset = appendResult.offset?.value;
    return { kind: "stored", offset: offset === undefined || offset === null ? undefined : Number(offset) };
  }
  if (rowErrors && rowErrors.length > 0)
    return {
      kind: "rejected",
      rows: rowErrors.map(({ index, message }) => ({ index: Number(index ?? 0), message: message ?? "" })),
    };
  return judgeCode(error?.code ?? status.UNKNOWN, error?.message ?? "an answer without result and without error");
}

/** What the codes say that another attempt would not change; every other code is `transient`. */
const FINAL_CODES: ReadonlyMap<number, "stored" | "outOfRange" | "lost" | "refused"> = new Map([
  [status.ALREADY_EXISTS, "stored"],
  [status.OUT_OF_RANGE, "outOfRange"],
  [status.NOT_FOUND, "lost"],
  [status.FAILED_PRECONDITION, "lost"],
  [status.INVALID_ARGUMENT, "refused"],
  [status.PERMISSION_DENIED, "refused"],
  [status.UNIMPLEMENTED, "refused"],
]);

/** Judges a gRPC code, in-band or of a connection that ended. */
export function judgeCode(code: number, message: string): Verdict {
  const kind = FINAL_CODES.get(code) ?? "transient";
  return kind === "stored" ? { kind, offset: undefined } : { kind, code, message };
}
