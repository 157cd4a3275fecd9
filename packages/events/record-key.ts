import { isSensorId, isTenant, type Address } from "./topic.ts";

/** Who a record of `readings` or `windows-5m` belongs to. */
export type Device = Pick<Address, "tenant" | "sensorId">;

/** The Kafka key: all records of a device, and of nobody else, are in one partition in order. */
export function recordKey({ tenant, sensorId }: Device): string {
  return `${tenant}/${sensorId}`;
}

/** The device of a key, or `undefined` if it is none of ours. */
export function parseRecordKey(key: string): Device | undefined {
  const slash = key.indexOf("/");
  const tenant = key.slice(0, Math.max(slash, 0));
  const sensorId = key.slice(slash + 1);
  return isTenant(tenant) && isSensorId(sensorId) ? { tenant, sensorId } : undefined;
}
