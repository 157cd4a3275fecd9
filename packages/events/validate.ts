import { readClosely } from "./close-reading.ts";
import { readPlain } from "./plain-reading.ts";
import { rejection, type Rejection } from "./reasons.ts";
import { ACCEPTED_WINDOW, MAX_PAYLOAD_BYTES, STORED_WINDOW, type Reading, type TimeWindow } from "./schema.ts";
import { senderOfKey, senderOfTopic, type Sender } from "./sender.ts";

/** A reading that goes on. */
export interface Accepted {
  readonly ok: true;
  readonly reading: Reading;
  readonly tenant: string;
  /** The Kafka key, `<tenant>/<sensor_id>`. */
  readonly key: string;
}

/**
 * Judges what the broker delivered. The only check that looks at a clock (`nowMs`, the bridge's).
 *
 * Exactly one reason comes out of every payload that does not fit; see `reasons.ts` for their order. A plain reading
 * costs less than `JSON.parse` of the same payload (`bench/validate.ts`).
 */
export function validateReading(payload: Uint8Array, mqttTopic: string, nowMs: number): Accepted | Rejection {
  const sender = senderOfTopic(mqttTopic);
  if (sender === undefined) return rejection("bad_topic", `topic ${JSON.stringify(mqttTopic.slice(0, 200))}`);
  return judge(payload, sender, nowMs, ACCEPTED_WINDOW);
}

/**
 * Judges a Kafka record again, as a pure function of the record: its value, its key and its append time. Every part
 * that reads `readings` calls this, so that all agree about each record for ever. What the bridge accepted passes.
 */
export function revalidateReading(
  value: Uint8Array | null,
  key: string | undefined,
  appendTimeMs: number,
): Accepted | Rejection {
  const sender = key === undefined ? undefined : senderOfKey(key);
  if (sender === undefined) return rejection("bad_key", `key ${JSON.stringify(key?.slice(0, 200) ?? null)}`);
  return judge(value ?? NOTHING, sender, appendTimeMs, STORED_WINDOW);
}

const NOTHING = new Uint8Array(0);

function judge(payload: Uint8Array, sender: Sender, momentMs: number, window: TimeWindow): Accepted | Rejection {
  if (payload.length > MAX_PAYLOAD_BYTES)
    return rejection("too_large", `${payload.length} bytes, at most ${MAX_PAYLOAD_BYTES}`);
  const plain = readPlain(payload, sender.texts);
  if (plain !== undefined) return judgeContext(plain, sender, momentMs, window);
  const read = readClosely(payload);
  return read.ok ? judgeContext(read.reading, sender, momentMs, window) : read;
}

/** The rules that need more than one field, or more than the payload. */
function judgeContext(reading: Reading, sender: Sender, momentMs: number, window: TimeWindow): Accepted | Rejection {
  if ((reading.lat === undefined) !== (reading.lon === undefined))
    return rejection("incomplete_position", `${reading.lat === undefined ? "lat" : "lon"} is missing`);
  if (reading.sensor_id !== sender.sensorId)
    return rejection("id_mismatch", `sensor_id ${JSON.stringify(reading.sensor_id)}, sent as ${sender.sensorId}`);
  if (sender.location !== undefined && reading.location !== sender.location)
    return rejection("location_mismatch", `location ${JSON.stringify(reading.location)}, sent from ${sender.location}`);
  const aheadMs = reading.event_time - momentMs;
  if (aheadMs < -window.pastMs) return rejection("event_too_old", `${-aheadMs} ms ago, at most ${window.pastMs}`);
  if (aheadMs > window.futureMs) return rejection("event_too_new", `${aheadMs} ms ahead, at most ${window.futureMs}`);
  return { ok: true, reading, tenant: sender.tenant, key: sender.key };
}
