import { payloadFields, type Reading } from "./schema.ts";

const known = new Set<string>(payloadFields.map(([name]) => name));

/**
 * The payload's properties that are not in the schema, as JSON text for the column `attributes`; `undefined` if there
 * are none. Numbers have gone through `JSON.parse`: they are kept as IEEE doubles.
 */
export function attributesJson(reading: Reading): string | undefined {
  if (!hasUnknownKey(reading)) return undefined;
  return JSON.stringify(Object.fromEntries(Object.entries(reading).filter(([name]) => !known.has(name))));
}

/** Most readings have none, and a list of entries for each of them was an eighth of the writer's CPU. */
function hasUnknownKey(reading: Reading): boolean {
  // A payload comes from JSON.parse: what it inherits is Object's, and that has nothing to enumerate.
  for (const name in reading) if (!known.has(name)) return true;
  return false;
}
