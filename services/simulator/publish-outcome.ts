import { mqttErrors } from "#mqtt";

/** How a publish can end; all but `delivered` and `refused` are tried again. */
export const publishOutcomes = ["delivered", "noSubscribers", "noAnswer", "noRoom", "refused"] as const;
export type PublishOutcome = (typeof publishOutcomes)[number];

/** What an error of a device's publish means. Anything unknown: there was no answer. */
export function outcomeOf(error: unknown): Exclude<PublishOutcome, "delivered"> {
  if (mqttErrors.is(error, "MQTT_NO_SUBSCRIBERS")) return "noSubscribers";
  if (mqttErrors.is(error, "MQTT_QUOTA_EXCEEDED")) return "noRoom";
  return mqttErrors.is(error, "MQTT_PUBLISH_REFUSED") ? "refused" : "noAnswer";
}
