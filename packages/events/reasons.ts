/**
 * Why a reading is rejected: the closed list, with the sentence for the documentation. A payload with several faults
 * gets the first of them in this order.
 */
export const rejectionReasons = {
  bad_topic: "The MQTT topic is not `sensors/<tenant>/<location>/<sensor_id>/telemetry` with allowed names.",
  bad_key: "The Kafka key is not `<tenant>/<sensor_id>` (only for records that did not come through the bridge).",
  too_large: "The payload is larger than 16 KiB.",
  not_utf8: "The bytes are not UTF-8, or an escape in the text names half of a surrogate pair.",
  not_json: "The text is not JSON.",
  not_an_object: "The JSON is not an object.",
  too_deep: "Objects and arrays are nested deeper than 32 levels.",
  duplicate_key: "An object, at any depth, has the same key twice.",
  unsupported_version: "`v` is an integer other than 1.",
  missing_field: "A required field is missing.",
  wrong_type: "A field has the wrong JSON type; `null` is not a number, and leaving a field out is how to say nothing.",
  bad_value: "A field has the right type and a value that is not allowed.",
  incomplete_position: "Only one of `lat` and `lon` is present.",
  id_mismatch: "`sensor_id` differs from the one in the MQTT topic or in the Kafka key.",
  location_mismatch: "`location` differs from the one in the MQTT topic.",
  event_too_old: "`event_time` is more than 30 days before the bridge's clock.",
  event_too_new: "`event_time` is more than 1 hour after the bridge's clock.",
  bigquery_rejected: "BigQuery refused the row (only from the writer).",
} as const;

export type RejectionReason = keyof typeof rejectionReasons;

/** Longest text of a rejection's detail, in characters. */
export const MAX_DETAIL_LENGTH = 300;

/** A reading that does not go on, and why. */
export interface Rejection {
  readonly ok: false;
  readonly reason: RejectionReason;
  /** For people: which field, what was expected. Never longer than {@link MAX_DETAIL_LENGTH}. */
  readonly detail: string;
}

export function rejection(reason: RejectionReason, detail: string): Rejection {
  return { ok: false, reason, detail: detail.slice(0, MAX_DETAIL_LENGTH).toWellFormed() };
}
