import { metadataFor } from "../commit-metadata.ts";
import type { Committed } from "../takeover.ts";

/** What is asked for one partition, with what is known of it. */
export interface ReappendRequest {
  readonly committed: Committed | undefined;
  /** The first record that is to be appended again; the end of the log if there is none. */
  readonly sinceOffset: number;
  /** Path of the table that the writer is configured for. */
  readonly table: string;
}

export type ReappendPlan =
  /** The group goes back to `offset`; an unfinished write stream is ended first. */
  | { readonly kind: "back"; readonly offset: number; readonly stream: string | undefined; readonly records: number }
  /** Everything from there on is still to be written in any case. */
  | { readonly kind: "nothing" }
  | { readonly kind: "refuse"; readonly reason: string };

/** Decides about one partition. The group only ever goes back: going forward would pass over records. Pure. */
export function reappendPlan({ committed, sinceOffset, table }: ReappendRequest): ReappendPlan {
  if (committed === undefined || sinceOffset >= committed.offset) return { kind: "nothing" };
  const back = { kind: "back", offset: sinceOffset, records: committed.offset - sinceOffset } as const;
  const found = metadataFor(table, committed.metadata);
  if (found.kind === "refuse") return found;
  return { ...back, stream: found.kind === "missing" ? undefined : (found.metadata.stream ?? undefined) };
}
