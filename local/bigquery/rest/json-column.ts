import { numberText, parseJson } from "./exact-json.ts";
import { ValueError } from "./value-error.ts";

/** Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type */
const MAX_DEPTH = 500;

/**
 * The text that a JSON column stores: a string is parsed as a JSON document, anything else is the document itself.
 * Without spaces, numbers as they were written. Throws {@link ValueError}.
 */
export function jsonText(value: unknown, location: string): string {
  const document = typeof value === "string" ? parsed(value, location) : value;
  check(document, location, 0);
  return JSON.stringify(document);
}

function parsed(text: string, location: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new ValueError(location, `Invalid JSON string in field ${location}.`);
  }
}

/** Refuses what no reader of the stored text could handle: numbers beyond a double's range, and bottomless nesting. */
function check(value: unknown, location: string, depth: number): void {
  if (depth > MAX_DEPTH)
    throw new ValueError(location, `JSON nesting exceeds ${MAX_DEPTH} levels in field ${location}.`);
  const number = numberText(value);
  if (number !== undefined) {
    if (Number.isFinite(Number(number))) return;
    throw new ValueError(location, `JSON number ${number} is out of range in field ${location}.`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const member of Object.values(value)) check(member, location, depth + 1);
}
