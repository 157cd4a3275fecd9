import type { Admin } from "kafkajs";

/** Where a group stands in one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** `undefined`: the group has committed nothing. */
  readonly committed: bigint | undefined;
  readonly logStart: bigint;
  readonly logEnd: bigint;
  /** Records that are there and not committed; markers of transactions count as records. */
  readonly lag: bigint;
}

/** lag = end − max(committed, log start), at least 0; a negative committed offset counts as none. */
export function partitionLag(committed: bigint | undefined, logStart: bigint, logEnd: bigint): bigint {
  const from = committed === undefined || committed < logStart ? logStart : committed;
  return logEnd > from ? logEnd - from : 0n;
}

/** Reads a group's lag in a topic, one entry per partition. Rejects if the cluster cannot say; it never guesses. */
export async function readLag(admin: Admin, groupId: string, topic: string): Promise<PartitionLag[]> {
  const [ends, [group]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  const committedOffsets = new Map(group?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return ends.map(({ partition, low, high }) => {
    const offset = committedOffsets.get(partition);
    const committed = offset === undefined || offset < 0n ? undefined : offset;
    const [logStart, logEnd] = [BigInt(low), BigInt(high)];
    return { partition, committed, logStart, logEnd, lag: partitionLag(committed, logStart, logEnd) };
  });
}
