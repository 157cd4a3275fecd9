import { rejectionReasons, type Rejection, type RejectionReason } from "./reasons.ts";

/** Where a rejected reading came from. */
export type DeadLetterSource =
  | { readonly part: string; readonly mqtt_topic: string }
  | {
      readonly part: string;
      readonly kafka_source: string;
      readonly kafka_partition: number;
      /** Decimal, as Kafka clients give it. */
      readonly kafka_offset: string;
      /** The record's key, which names tenant and device: without it nobody could send the reading again. */
      readonly kafka_key: string | null;
    };

/** A record of `dead-letters`, in one format for every part. */
export interface DeadLetter {
  /** The same for the same rejected reading, however often it is rejected; also the record's Kafka key. */
  readonly id: string;
  readonly reason: RejectionReason;
  readonly detail: string;
  readonly source: DeadLetterSource;
  /** Milliseconds since the epoch, clock of the part; not a part of the id. */
  readonly received_at: number;
  /** Size of the payload as received; larger than what `payload_base64` holds if that was cut. */
  readonly payload_bytes: number;
  readonly payload_base64: string;
}

/** A larger payload is cut: it cannot be replayed, and Kafka would refuse the record (1 MiB). */
export const MAX_DEAD_LETTER_PAYLOAD_BYTES = 256 * 1024;

/**
 * Makes the record of a rejection. Its id is made from coordinates where there are some, `kafka_source/partition/offset`.
 * A message from MQTT has none that survive a redelivery, so there the id is topic and `hash` of the payload: equal
 * bytes on one topic share an id, and nothing is lost by that. `hash` must be a cryptographic one, in hexadecimal;
 * it is passed in because this package calls nothing of Node.
 */
export function deadLetter(
  rejection: Pick<Rejection, "reason" | "detail">,
  source: DeadLetterSource,
  payload: Uint8Array,
  receivedAtMs: number,
  hash: (payload: Uint8Array) => string,
): DeadLetter {
  return {
    id: deadLetterId(source, payload, hash),
    reason: rejection.reason,
    detail: rejection.detail,
    source,
    received_at: receivedAtMs,
    payload_bytes: payload.length,
    payload_base64: Buffer.from(payload.subarray(0, MAX_DEAD_LETTER_PAYLOAD_BYTES)).toString("base64"),
  };
}

function deadLetterId(source: DeadLetterSource, payload: Uint8Array, hash: (payload: Uint8Array) => string): string {
  if ("mqtt_topic" in source) return `mqtt/${source.mqtt_topic}/${hash(payload)}`;
  return `kafka/${source.kafka_source}/${source.kafka_partition}/${source.kafka_offset}`;
}

/** The record's value. */
export function encodeDeadLetter(letter: DeadLetter): Uint8Array {
  return Buffer.from(JSON.stringify(letter));
}

/** Reads a record of `dead-letters`; `undefined` if it is not in this format. */
export function decodeDeadLetter(value: Uint8Array): DeadLetter | undefined {
  try {
    const letter: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
    return isDeadLetter(letter) ? letter : undefined;
  } catch {
    return undefined;
  }
}

/** The payload as it was received, or `undefined` if it was cut. */
export function deadLetterPayload(letter: DeadLetter): Uint8Array | undefined {
  const payload = Buffer.from(letter.payload_base64, "base64");
  return payload.length === letter.payload_bytes ? payload : undefined;
}

function isDeadLetter(value: unknown): value is DeadLetter {
  if (typeof value !== "object" || value === null) return false;
  const letter = value as Partial<Record<keyof DeadLetter, unknown>>;
  return (
    typeof letter.id === "string" &&
    typeof letter.reason === "string" &&
    Object.hasOwn(rejectionReasons, letter.reason) &&
    typeof letter.detail === "string" &&
    typeof letter.source === "object" &&
    letter.source !== null &&
    typeof letter.received_at === "number" &&
    typeof letter.payload_bytes === "number" &&
    typeof letter.payload_base64 === "string"
  );
}
