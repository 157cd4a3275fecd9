import Type from "typebox";
import { Compile } from "typebox/compile";
import { explainFields } from "./explain.ts";
import { parseRecordKey, recordKey, type Device } from "./record-key.ts";
import { rejection, type Rejection } from "./reasons.ts";
import { ACCEPTED_WINDOW, MAX_PAYLOAD_BYTES, payloadSchema, STORED_WINDOW } from "./schema.ts";
import type { Reading, TimeWindow } from "./schema.ts";
import { countColons, structureFault } from "./structure.ts";
import { parseTelemetryTopic, type Address } from "./topic.ts";

/** A reading that goes on. */
export interface Accepted {
  readonly ok: true;
  readonly reading: Reading;
  readonly tenant: string;
  /** The Kafka key, `<tenant>/<sensor_id>`. */
  readonly key: string;
}

/** Who must have sent it; `location` is known only where the MQTT topic is. */
interface Sender extends Device {
  readonly key: string;
  readonly location: string | undefined;
  /** Colons inside these names, which are no separators of keys. */
  readonly colons: number;
}

/**
 * Judges what the broker delivered. The only check that looks at a clock (`nowMs`, the bridge's).
 *
 * Exactly one reason comes out of every payload that does not fit; see `reasons.ts` for their order. Costs about a
 * third of `JSON.parse` of the same payload, a third of that for finding duplicate keys (`bench/validate.ts`).
 */
export function validateReading(payload: Uint8Array, mqttTopic: string, nowMs: number): Accepted | Rejection {
  const sender = topicSenders.get(mqttTopic);
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
  const sender = key === undefined ? undefined : keySenders.get(key);
  if (sender === undefined) return rejection("bad_key", `key ${JSON.stringify(key?.slice(0, 200) ?? null)}`);
  return judge(value ?? NOTHING, sender, appendTimeMs, STORED_WINDOW);
}

const NOTHING = new Uint8Array(0);

/**
 * The compiled check of one payload. It leaves out the pattern of `sensor_id`: that is compared with a name which was
 * itself checked against the pattern, and a regular expression here would cost as much as all other rules together.
 */
const compiled = Compile(
  Type.Object({ ...payloadSchema.properties, sensor_id: Type.String() }, { additionalProperties: true }),
);

function judge(payload: Uint8Array, sender: Sender, momentMs: number, window: TimeWindow): Accepted | Rejection {
  if (payload.length > MAX_PAYLOAD_BYTES)
    return rejection("too_large", `${payload.length} bytes, at most ${MAX_PAYLOAD_BYTES}`);
  const text = decode(payload);
  // U+FFFD is what stands for bytes that are not UTF-8; it may also be in the text itself.
  if (text.includes("\uFFFD") && !isUtf8(payload)) return rejection("not_utf8", "the bytes are not UTF-8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return rejection("not_json", (error as SyntaxError).message);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    return rejection("not_an_object", `the JSON is ${text.slice(0, 80)}`);
  const reading = parsed as Reading;
  const valid = compiled.Check(reading);
  if (!valid || !isPlain(reading, payload, sender)) {
    const fault = structureFault(text);
    if (fault !== undefined) return rejection(fault.reason, fault.detail);
  }
  // A sensor_id that is not the expected one was never compared with its pattern.
  const fieldFault = valid && reading.sensor_id === sender.sensorId ? undefined : explainFields(reading);
  if (fieldFault !== undefined) return fieldFault;
  if (!valid) return rejection("bad_value", "a rule is broken");
  return judgeContext(reading, sender, momentMs, window);
}

/**
 * True proves that nothing is hidden in the text: only known keys, each once, hence no nesting; and of the texts only
 * `boot_id` is not compared with a well-formed one elsewhere. False means: look closely.
 */
function isPlain(reading: Reading, payload: Uint8Array, sender: Sender): boolean {
  return reading.boot_id.isWellFormed() && countColons(payload) === knownKeys(reading) + sender.colons;
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

/**
 * How many fields of the schema a payload has, the required ones being there. Spelled out because a loop over names
 * costs ten times as much; a test compares it with the schema.
 */
function knownKeys(reading: Reading): number {
  return (
    payloadSchema.required.length +
    (reading.lat === undefined ? 0 : 1) +
    (reading.lon === undefined ? 0 : 1) +
    (reading.temperature_c === undefined ? 0 : 1) +
    (reading.humidity_pct === undefined ? 0 : 1) +
    (reading.battery_pct === undefined ? 0 : 1) +
    (reading.status === undefined ? 0 : 1)
  );
}

/** Buffer's decoder is twice as fast as a fatal TextDecoder for short texts, but replaces what is not UTF-8. */
function decode(payload: Uint8Array): string {
  const buffer = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return buffer.toString();
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isUtf8(payload: Uint8Array): boolean {
  try {
    strictUtf8.decode(payload);
    return true;
  } catch {
    return false;
  }
}

/** Remembers the senders of the names seen last: a device sends thousands of readings under one name. */
class SenderCache {
  /** About 6 MB when full; then it starts over, which costs one parse per device. */
  static readonly #MAX_ENTRIES = 20_000;
  readonly #parse: (name: string) => Sender | undefined;
  readonly #known = new Map<string, Sender>();

  constructor(parse: (name: string) => Sender | undefined) {
    this.#parse = parse;
  }

  get(name: string): Sender | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const sender = this.#parse(name);
    if (sender === undefined) return undefined;
    if (this.#known.size >= SenderCache.#MAX_ENTRIES) this.#known.clear();
    this.#known.set(name, sender);
    return sender;
  }
}

function sender(device: Device | Address | undefined): Sender | undefined {
  if (device === undefined) return undefined;
  const location = "location" in device ? device.location : undefined;
  const colons = device.sensorId.split(":").length + (location ?? "").split(":").length - 2;
  return { tenant: device.tenant, sensorId: device.sensorId, key: recordKey(device), location, colons };
}

const topicSenders = new SenderCache((topic) => sender(parseTelemetryTopic(topic)));
const keySenders = new SenderCache((key) => sender(parseRecordKey(key)));
