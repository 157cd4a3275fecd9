import { payloadFields, type Reading } from "./schema.ts";

const known = new Set<string>(payloadFields.map(([name]) => name));

/**
 * The payload's properties that are not in the schema, as JSON text for the column `attributes`; `undefined` if there
 * are none. Numbers have gone through `JSON.parse`: they are kept as IEEE doubles.
 */
export function attributesJson(reading: Reading): string | undefined {
  const unknown = Object.entries(reading).filter(([name]) => !known.has(name));
  return unknown.length === 0 ? undefined : JSON.stringify(Object.fromEntries(unknown));
}
