import { ID_PATTERN } from "./schema.ts";

/** Who and where a device is, from the topic that the broker let it write to. */
export interface Address {
  readonly tenant: string;
  readonly location: string;
  readonly sensorId: string;
}

/** 1 to 64 characters without the colon that ends the tenant in a client id, and without the slash of topic and key. */
const TENANT = /^[A-Za-z0-9_.-]{1,64}$/;
const SENSOR_ID = new RegExp(ID_PATTERN);
/** MQTT forbids U+0000 in topics and reserves `+`, `#` and `/`: MQTT 5.0, sections 1.5.4 and 4.7.1. */
const LOCATION = /^[^/+#\0]{1,64}$/u;

export function isTenant(text: string): boolean {
  return TENANT.test(text);
}

export function isSensorId(text: string): boolean {
  return SENSOR_ID.test(text);
}

/** @throws RangeError if a name is not allowed in a topic. */
export function telemetryTopic({ tenant, location, sensorId }: Address): string {
  if (!TENANT.test(tenant)) throw new RangeError(`not a tenant: ${JSON.stringify(tenant)}`);
  if (!LOCATION.test(location)) throw new RangeError(`not a location: ${JSON.stringify(location)}`);
  if (!SENSOR_ID.test(sensorId)) throw new RangeError(`not a sensor id: ${JSON.stringify(sensorId)}`);
  return `sensors/${tenant}/${location}/${sensorId}/telemetry`;
}

/** The parts of a telemetry topic, or `undefined` for any other topic. */
export function parseTelemetryTopic(topic: string): Address | undefined {
  const [root, tenant = "", location = "", sensorId = "", leaf, ...more] = topic.split("/");
  if (root !== "sensors" || leaf !== "telemetry" || more.length > 0) return undefined;
  const allowed = TENANT.test(tenant) && LOCATION.test(location) && SENSOR_ID.test(sensorId);
  return allowed ? { tenant, location, sensorId } : undefined;
}

/** The MQTT client id of a device. */
export function deviceClientId({ tenant, sensorId }: Pick<Address, "tenant" | "sensorId">): string {
  return `${tenant}:${sensorId}`;
}
