import { createHash } from "node:crypto";
import type { PartitionAssigner } from "kafkajs";
import { AssignerProtocol } from "./kafkajs.ts";

/** A member of a group, under a name that survives its restarts. */
export interface NamedMember {
  readonly memberId: string;
  readonly name: string;
}

/**
 * Gives each partition to the member whose name has the highest hash together with it (rendezvous hashing), passing
 * over members that have their fair share already. So a member that goes or comes moves few partitions, and one that
 * comes back under its name gets its old ones.
 */
export function assignPartitions(
  members: readonly NamedMember[],
  topic: string,
  partitions: readonly number[],
): Map<string, number[]> {
  const shares = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  const fairShare = Math.ceil(partitions.length / members.length);
  for (const partition of partitions.toSorted((a, b) => a - b)) {
    const ranked = members.toSorted((a, b) => compare(weight(b, topic, partition), weight(a, topic, partition)));
    const chosen = ranked.find(({ memberId }) => (shares.get(memberId)?.length ?? 0) < fairShare);
    shares.get(chosen?.memberId ?? "")?.push(partition);
  }
  return shares;
}

/** Two members with one name, by mistake or during a restart, are told apart by their ids. */
function weight({ name, memberId }: NamedMember, topic: string, partition: number): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([name, topic, partition]))
    .digest("hex");
  return `${hash}/${memberId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const NAME = "smart-home-bridge-rendezvous";
const VERSION = 1;

/** {@link assignPartitions} in the form of kafkajs; `memberName` travels in the subscription's user data. */
export function rendezvousAssigner(memberName: string): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(memberName) }),
    }),
    assign: ({ members, topics }) => {
      const named = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        name: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.toString() ?? memberId,
      }));
      const byTopic = topics.map((topic) => {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        return [topic, assignPartitions(named, topic, partitions)] as const;
      });
      return Promise.resolve(
        named.map(({ memberId }) => {
          const assignment = Object.fromEntries(byTopic.map(([topic, shares]) => [topic, shares.get(memberId) ?? []]));
          const encoded = AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment,
            userData: Buffer.alloc(0),
          });
          return { memberId, memberAssignment: encoded };
        }),
      );
    },
  });
}

/** Which partitions of a topic an encoded assignment holds. */
export function assignedPartitions(memberAssignment: Buffer, topic: string): number[] {
  return AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [];
}
