import { errorList } from "#runtime";

/** Everything this room throws on purpose. */
export const kafkaErrors = errorList({
  /** The broker will never take these records: too large, malformed, or not allowed. */
  KAFKA_RECORDS_REFUSED: { retryable: false },
  /** A topic exists in a form that a running system cannot be given: other partition count or timestamp type. */
  KAFKA_TOPIC_MISMATCH: { retryable: false },
  /** The committed offset lies above the end of the log: the log was truncated or the topic made anew. */
  KAFKA_LOG_TRUNCATED: { retryable: false },
  /** Another cluster answers than the offsets are of: Kafka was made anew under its address. */
  KAFKA_CLUSTER_CHANGED: { retryable: false },
  /** A step towards a commit failed or was not answered: it may have taken effect. The partition is taken over again. */
  KAFKA_COMMIT_UNKNOWN: { retryable: true },
  /** Something was asked of a partition whose ownership has ended. */
  KAFKA_OWNERSHIP_LOST: { retryable: true },
  /** The group does not show this member as the partition's owner (yet, or any more). */
  KAFKA_NOT_OWNER: { retryable: true },
  /** An answer did not come in time. */
  KAFKA_TIMEOUT: { retryable: true },
});

/** The protocol's name of an error, such as `CONCURRENT_TRANSACTIONS`, wherever kafkajs wrapped it; else `undefined`. */
export function protocolErrorType(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("type" in at && typeof at.type === "string") return at.type;
  }
  return undefined;
}
