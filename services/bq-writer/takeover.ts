import type { StoredOffsets } from "#bigquery";
import { metadataFor, type CommitMetadata, type WriteMode } from "./commit-metadata.ts";

/*
 * The decisions of a takeover, apart from everything that talks to Kafka or BigQuery. In this order:
 *
 *   takeoverPlan   what the group's offset and metadata ask for
 *   doubtAfter     what the finalized stream's row count says about it
 *   doneUntil      what the table's answer says about it
 *   otherLog       whether the table's last row can be of this log, where no commit says so
 */

/** What the group committed for the partition; `undefined` if nothing. */
export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** Where rows may be that the commit does not know of. */
export interface Doubt {
  /** Only records behind this offset can be in doubt. */
  readonly afterOffset: number;
  /** How many of them must be in the table; `undefined` if nothing says. */
  readonly expected: number | undefined;
  /** Append time of a record before them; `undefined` if none is known. */
  readonly seenMs: number | undefined;
}

export type TakeoverPlan =
  /** Go on; nothing was under way. */
  | { readonly kind: "proceed"; readonly until: number; readonly seenMs: number | undefined }
  /** End the stream first, so that no append of an earlier owner can take effect any more. */
  | {
      readonly kind: "finalize";
      readonly stream: string;
      readonly committed: number;
      readonly metadata: CommitMetadata;
    }
  /** There is no stream to end; the table alone can say. */
  | { readonly kind: "ask"; readonly doubt: Doubt }
  /** A person has to look. */
  | { readonly kind: "refuse"; readonly reason: string };

/** `logStart` is where reading starts if nothing was committed. */
export function takeoverPlan(
  committed: Committed | undefined,
  logStart: number,
  { table, mode }: { readonly table: string; readonly mode: WriteMode },
): TakeoverPlan {
  const found = metadataFor(table, committed?.metadata ?? "");
  if (found.kind === "refuse") return found;
  if (found.kind === "missing") {
    if (mode === "at-least-once") return { kind: "proceed", until: -1, seenMs: undefined };
    const afterOffset = (committed?.offset ?? logStart) - 1;
    return { kind: "ask", doubt: { afterOffset, expected: undefined, seenMs: undefined } };
  }
  const { metadata } = found;
  if (metadata.stream === null) return { kind: "proceed", until: metadata.until, seenMs: metadata.seenMs ?? undefined };
  if (metadata.mode !== mode)
    return {
      kind: "refuse",
      reason: `the group has written ${metadata.mode} and was not stopped in order; mode ${mode} must wait for that`,
    };
  if (mode === "at-least-once") return { kind: "proceed", until: metadata.until, seenMs: metadata.seenMs ?? undefined };
  return { kind: "finalize", stream: metadata.stream, committed: committed?.offset ?? 0, metadata };
}

/**
 * `streamRows` is the finalized stream's count, `undefined` if the stream is gone. Without doubt (`undefined`) the stream
 * holds what the commit says, no more.
 */
export function doubtAfter(
  { committed, metadata }: Extract<TakeoverPlan, { kind: "finalize" }>,
  streamRows: number | undefined,
): Doubt | undefined {
  if (streamRows === metadata.rows) return undefined;
  return {
    afterOffset: Math.max(committed - 1, metadata.until),
    expected: streamRows === undefined ? undefined : streamRows - metadata.rows,
    seenMs: metadata.seenMs ?? undefined,
  };
}

export type Answer =
  | { readonly kind: "until"; readonly until: number }
  /** The table does not show what the stream says it holds; it may do so later. */
  | { readonly kind: "unclear"; readonly reason: string }
  | { readonly kind: "refuse"; readonly reason: string };

/** `stored` is what the table holds of the records in doubt. */
export function doneUntil(
  { afterOffset, expected }: Doubt,
  stored: { readonly count: number; readonly maxOffset: number | undefined },
  logEnd: number,
): Answer {
  if (expected !== undefined && stored.count !== expected)
    return {
      kind: "unclear",
      reason: `the stream holds ${expected} rows more than committed, the table ${stored.count}`,
    };
  const until = Math.max(afterOffset, stored.maxOffset ?? -1);
  if (stored.maxOffset !== undefined && stored.maxOffset >= logEnd)
    return {
      kind: "refuse",
      reason: `the table holds offset ${stored.maxOffset} and the log ends at ${logEnd}: the topic was made anew under its name`,
    };
  return { kind: "until", until };
}

/**
 * Why the log cannot be the one that the table's last row came from; `undefined` if it can. Kafka deletes a group's offsets
 * together with the topic, and a new one may have outgrown the old; but no record changes its append time.
 * `appendMs` is that of the log's record at `maxOffset`, `undefined` if it has none there (any more).
 */
export function otherLog(
  { maxOffset, maxOffsetIngestMs }: Pick<StoredOffsets, "maxOffset" | "maxOffsetIngestMs">,
  appendMs: number | undefined,
): string | undefined {
  if (maxOffset === undefined || maxOffsetIngestMs === undefined || appendMs === undefined) return undefined;
  if (maxOffsetIngestMs === appendMs) return undefined;
  const [inTable, inLog] = [maxOffsetIngestMs, appendMs].map((ms) => new Date(ms).toISOString());
  return (
    `the table's row of offset ${maxOffset} is of a record that Kafka took at ${inTable}, the log's record there was taken at ${inLog}: ` +
    `the topic was made anew under its name. Give it another name; or, if its records up to there are not to be stored, ` +
    `set the group's offset to ${maxOffset + 1} while no writer runs`
  );
}
