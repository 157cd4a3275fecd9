export { attributesJson } from "./attributes.ts";
export {
  eventColumns,
  eventsTable,
  EVENTS_EXPIRATION_DAYS,
  type BigQueryColumn,
  type BigQueryTable,
} from "./bigquery-table.ts";
export {
  deadLetter,
  deadLetterPayload,
  decodeDeadLetter,
  encodeDeadLetter,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
  type DeadLetter,
  type DeadLetterSource,
} from "./dead-letter.ts";
export { deadLetterTopic } from "./dead-letter-topic.ts";
export { eventsPage } from "./docs.ts";
export {
  bigQueryNames,
  BRIDGE_SUBSCRIPTION,
  kafkaGroups,
  KAFKA_SEGMENT_BYTES,
  kafkaTopics,
  SHARED_BRIDGE_SUBSCRIPTION,
  type KafkaTopic,
} from "./names.ts";
export { parseRecordKey, recordKey, type Device } from "./record-key.ts";
export { rejectionReasons, type Rejection, type RejectionReason } from "./reasons.ts";
export {
  ACCEPTED_WINDOW,
  MAX_DEPTH,
  MAX_PAYLOAD_BYTES,
  optionalFields,
  payloadFields,
  payloadSchema,
  SCHEMA_VERSION,
  STORED_WINDOW,
  type Reading,
  type ReadingField,
  type TimeWindow,
} from "./schema.ts";
export { deviceClientId, isSensorId, isTenant, parseTelemetryTopic, telemetryTopic, type Address } from "./topic.ts";
export { revalidateReading, validateReading, type Accepted } from "./validate.ts";
