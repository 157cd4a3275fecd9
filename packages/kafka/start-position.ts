/** What a group committed last for a partition. */
export interface CommittedPosition {
  readonly offset: bigint;
  /** The part's own words, `""` if none. */
  readonly metadata: string;
}

/** What a takeover found after it had fenced everybody else. */
export interface PartitionFacts {
  /** `undefined`: nothing was ever committed, or it expired. */
  readonly committed: CommittedPosition | undefined;
  readonly logStart: bigint;
  readonly logEnd: bigint;
}

/** Where to go on, or that one must not. */
export type StartPosition =
  | {
      readonly kind: "start";
      readonly offset: bigint;
      /** Records that retention removed before they were read. */
      readonly lostToRetention: bigint;
    }
  | { readonly kind: "refuse" };

/**
 * Compares the committed offset with the log: nothing committed → its start; below its start → its start; above its end
 * → refuse, because the log is not the one that was read.
 */
export function startPosition({ committed, logStart, logEnd }: PartitionFacts): StartPosition {
  if (committed === undefined) return { kind: "start", offset: logStart, lostToRetention: 0n };
  if (committed.offset > logEnd) return { kind: "refuse" };
  if (committed.offset >= logStart) return { kind: "start", offset: committed.offset, lostToRetention: 0n };
  return { kind: "start", offset: logStart, lostToRetention: logStart - committed.offset };
}

/** A negative offset is how Kafka says that there is none, and what kafkajs may have committed by itself. */
export function committedPosition(offset: string, metadata: string | null): CommittedPosition | undefined {
  const value = BigInt(offset);
  return value < 0n ? undefined : { offset: value, metadata: metadata ?? "" };
}
