import type { Will } from "#mqtt";

const OFFLINE = Buffer.from(JSON.stringify({ status: "offline" }));

/**
 * What the broker publishes for a device that goes without saying goodbye: `…/status` beside its `…/telemetry`, where
 * no bridge takes it for a reading.
 */
export function willOf(topic: string): Will {
  return { topic: topic.replace(/telemetry$/, "status"), payload: OFFLINE };
}
