export { assignPartitions, type NamedMember } from "./assigner.ts";
export { kafkaClient, type Kafka, type KafkaClientOptions } from "./client.ts";
export {
  ConfirmedProducer,
  type ConfirmedProducerOptions,
  type ProducedBatch,
  type ProducedRecord,
} from "./confirmed-producer.ts";
export { kafkaErrors, protocolErrorType } from "./errors.ts";
export { FencedConsumer, type FencedConsumerOptions } from "./fenced-consumer.ts";
export {
  FencedPartition,
  TRANSACTION_TIMEOUT_MS,
  type Commit,
  type FencedPartitionOptions,
  type FenceState,
  type TakenOver,
} from "./fenced-partition.ts";
export { partitionLag, readLag, type PartitionLag } from "./lag.ts";
export { outageOf, type Outage } from "./outage.ts";
export type { ConsumedRecord, Ownership, OwnershipState, PartitionWorker, RecordBatch } from "./owned-partition.ts";
export { startPosition, type CommittedPosition, type PartitionFacts, type StartPosition } from "./start-position.ts";
export type { ProducedTopic } from "./partitioner.ts";
export { ensureTopics, type TopicChange, type TopicCreation } from "./topics.ts";
export {
  followTopic,
  readRecord,
  readTopic,
  type ReadRecord,
  type RecordPlace,
  type TopicReading,
} from "./topic-reader.ts";
