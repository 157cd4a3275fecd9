import { deadLetterPayload, type DeadLetter } from "./dead-letter.ts";
import { parseRecordKey } from "./record-key.ts";
import { parseTelemetryTopic, telemetryTopic } from "./topic.ts";

/**
 * The MQTT topic through which a rejected reading can be sent again, by the way it first came: of a message its own, of
 * a Kafka record the one of its key and of the location that the payload names. `undefined` if no device could send it.
 */
export function deadLetterTopic(letter: DeadLetter): string | undefined {
  const { source } = letter;
  if ("mqtt_topic" in source) return parseTelemetryTopic(source.mqtt_topic) && source.mqtt_topic;
  const device = parseRecordKey(source.kafka_key ?? "");
  const location = locationOf(letter);
  if (device === undefined || location === undefined) return undefined;
  try {
    return telemetryTopic({ ...device, location });
  } catch {
    return undefined;
  }
}

function locationOf(letter: DeadLetter): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(deadLetterPayload(letter) ?? []).toString());
    const { location } = payload as { location?: unknown };
    return typeof location === "string" ? location : undefined;
  } catch {
    return undefined;
  }
}
