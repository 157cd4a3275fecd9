import { PlainTexts } from "./plain-texts.ts";
import { parseRecordKey, recordKey, type Device } from "./record-key.ts";
import { parseTelemetryTopic, type Address } from "./topic.ts";

/** Who must have sent a reading, and what its readings say all the time. */
export interface Sender extends Device {
  /** The Kafka key, `<tenant>/<sensor_id>`. */
  readonly key: string;
  /** Known only where the MQTT topic is. */
  readonly location: string | undefined;
  readonly texts: PlainTexts;
}

/** Remembers the senders of the names seen last: a device sends thousands of readings under one name. */
class SenderCache {
  /** About 16 MB when full; then it starts over, which costs one parse per device. */
  static readonly #MAX_ENTRIES = 20_000;
  readonly #parse: (name: string) => Device | Address | undefined;
  readonly #known = new Map<string, Sender>();

  constructor(parse: (name: string) => Device | Address | undefined) {
    this.#parse = parse;
  }

  get(name: string): Sender | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const device = this.#parse(name);
    if (device === undefined) return undefined;
    const sender = senderOf(device);
    if (this.#known.size >= SenderCache.#MAX_ENTRIES) this.#known.clear();
    this.#known.set(name, sender);
    return sender;
  }
}

function senderOf(device: Device | Address): Sender {
  const { tenant, sensorId } = device;
  const location = "location" in device ? device.location : undefined;
  return { tenant, sensorId, key: recordKey(device), location, texts: new PlainTexts({ sensorId, location }) };
}

const topics = new SenderCache(parseTelemetryTopic);
const keys = new SenderCache(parseRecordKey);

/** The sender of a telemetry topic, `undefined` for any other topic. */
export function senderOfTopic(topic: string): Sender | undefined {
  return topics.get(topic);
}

/** The sender of a Kafka record, `undefined` for a key that is none of ours. */
export function senderOfKey(key: string): Sender | undefined {
  return keys.get(key);
}
