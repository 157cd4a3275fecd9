import { deadLetterPayload, deadLetterTopic, type DeadLetter, type RejectionReason } from "#events";

/** Which letters somebody wants to send again; what is not given selects all. */
export interface Criteria {
  readonly reasons?: readonly RejectionReason[] | undefined;
  readonly tenant?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly receivedSinceMs?: number | undefined;
}

/** What becomes of a letter. */
export type Selection =
  | { readonly kind: "send"; readonly topic: string; readonly payload: Uint8Array }
  /** Not asked for. */
  | { readonly kind: "other" }
  /** It was cut when it was written: the whole payload is nowhere. */
  | { readonly kind: "cut" }
  /** No device may publish where it came from, or nobody knows where that was. */
  | { readonly kind: "noTopic" };

/** Decides about one letter. Pure. */
export function select(letter: DeadLetter, { reasons, tenant, receivedSinceMs }: Criteria): Selection {
  const topic = deadLetterTopic(letter);
  if (reasons !== undefined && !reasons.includes(letter.reason)) return { kind: "other" };
  if (receivedSinceMs !== undefined && letter.received_at < receivedSinceMs) return { kind: "other" };
  if (tenant !== undefined && tenantOf(topic) !== tenant) return { kind: "other" };
  if (topic === undefined) return { kind: "noTopic" };
  const payload = deadLetterPayload(letter);
  return payload === undefined ? { kind: "cut" } : { kind: "send", topic, payload };
}

/** The second level of a telemetry topic. */
function tenantOf(topic: string | undefined): string | undefined {
  return topic?.split("/")[1];
}
