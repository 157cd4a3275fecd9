import type { ICustomPartitioner, PartitionerArgs } from "kafkajs";

/** A topic as a producer must know it. */
export interface ProducedTopic {
  readonly name: string;
  readonly partitions: number;
}

/**
 * Chooses the partition by the record's own `partition`, else by its key, as Kafka's Java client and kafkajs do
 * (murmur2: https://github.com/apache/kafka/blob/4.0.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java).
 *
 * The number of partitions is the declared one. kafkajs counts those in its metadata, and they may be fewer for a moment
 * while a broker starts: a key would then change its partition, and the order of its records would be lost. It also
 * drops, in silence, records of a partition that is missing there. Both become an error here, after which kafkajs reads
 * the metadata again.
 */
export function declaredPartitioner(topics: readonly ProducedTopic[]): ICustomPartitioner {
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  return () =>
    ({ topic, partitionMetadata, message }: PartitionerArgs): number => {
      const count = counts.get(topic);
      if (count === undefined) throw new TypeError(`not one of the producer's topics: ${topic}`);
      if (partitionMetadata.length < count)
        throw metadataNotLoaded(`${topic}: ${partitionMetadata.length} of ${count} partitions are known`);
      if (message.partition !== undefined) return message.partition;
      if (message.key == null) throw new TypeError(`a record for ${topic} has neither key nor partition`);
      return (murmur2(Buffer.from(message.key)) & 0x7fffffff) % count;
    };
}

/** The name is how kafkajs knows it: it reads the metadata again and repeats the send. */
function metadataNotLoaded(message: string): Error {
  return Object.assign(new Error(message), { name: "KafkaJSMetadataNotLoaded" });
}

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** In 32-bit integers; kafkajs's own calculates with BigInt, which was the largest cost of a record. */
export function murmur2(data: Buffer): number {
  let hash = SEED ^ data.length;
  const tail = data.length & ~3;
  for (let at = 0; at < tail; at += 4) {
    let block = Math.imul(data.readInt32LE(at), M);
    block = Math.imul(block ^ (block >>> 24), M);
    hash = Math.imul(hash, M) ^ block;
  }
  if (tail < data.length) hash = Math.imul(hash ^ data.readUIntLE(tail, data.length - tail), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
