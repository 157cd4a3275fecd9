import { z } from "zod";

export const WRITE_MODES = ["exactly-once", "at-least-once"] as const;
export type WriteMode = (typeof WRITE_MODES)[number];

/**
 * What is committed to Kafka together with an offset O: all that the next owner of the partition must know.
 * Offsets and counts are far below 2^53.
 */
export interface CommitMetadata {
  readonly v: 1;
  readonly mode: WriteMode;
  /** Path of the table that everything before O went into. */
  readonly table: string;
  /** The write stream that takes the rows from O on; `null` if there is none: no append is under way then. */
  readonly stream: string | null;
  /** Rows of that stream that come from records before O. */
  readonly rows: number;
  /** Records with an offset up to this are done, whatever validation says today; -1 if none is known. */
  readonly until: number;
  /** Append time of a record before O, milliseconds; `null` if none was seen. Records from O on are not older. */
  readonly seenMs: number | null;
}

const whole = z.int().nonnegative();
const schema = z.strictObject({
  v: z.literal(1),
  mode: z.enum(WRITE_MODES),
  table: z.string(),
  stream: z.string().nullable(),
  rows: whole,
  until: z.int().min(-1),
  seenMs: whole.nullable(),
});

export function encodeMetadata(metadata: CommitMetadata): string {
  return JSON.stringify(metadata);
}

/** What stands in the group's metadata. */
export type FoundMetadata =
  | { readonly kind: "found"; readonly metadata: CommitMetadata }
  /** Nothing, as after a reset of the offsets with Kafka's own tools. */
  | { readonly kind: "missing" }
  /** Something else: of a newer writer, or of another program in the same group. */
  | { readonly kind: "foreign"; readonly text: string };

/** Parts from `decodeMetadata` in what is not for a writer of `table` to go on from: `refuse` says why, a person has to look. */
export function metadataFor(
  table: string,
  text: string,
): Exclude<FoundMetadata, { kind: "foreign" }> | { readonly kind: "refuse"; readonly reason: string } {
  const found = decodeMetadata(text);
  if (found.kind === "foreign")
    return { kind: "refuse", reason: `the group's metadata is of another program or a newer version: ${found.text}` };
  if (found.kind === "found" && found.metadata.table !== table)
    return { kind: "refuse", reason: `the group has written to ${found.metadata.table}, not to ${table}` };
  return found;
}

export function decodeMetadata(text: string): FoundMetadata {
  if (text === "") return { kind: "missing" };
  try {
    return { kind: "found", metadata: schema.parse(JSON.parse(text)) };
  } catch {
    return { kind: "foreign", text: text.slice(0, 200) };
  }
}
