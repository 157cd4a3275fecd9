import type { Schema } from "./schema-types.ts";

/**
 * What a structural schema has against a value, by field; its rules in CEL are left to the API server. For what has to be
 * judged where there is no API server: a configuration, and the examples of the documentation.
 */
export function schemaProblems(schema: Schema, value: unknown, field: string): string[] {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || Number.isInteger(value)
      ? textProblems(schema, String(value), field)
      : [wrong(field, "a quantity", value)];
  if (schema.type !== undefined && !isOfType(schema.type, value))
    return [wrong(field, `of type ${schema.type}`, value)];
  if (typeof value === "string") return textProblems(schema, value, field);
  if (typeof value === "number") return numberProblems(schema, value, field);
  if (Array.isArray(value)) return listProblems(schema, value, field);
  return typeof value === "object" && value !== null ? objectProblems(schema, value as Fields, field) : [];
}

type Fields = Readonly<Record<string, unknown>>;

function isOfType(type: NonNullable<Schema["type"]>, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function textProblems(
  { enum: words, pattern, minLength = 0, maxLength = Infinity }: Schema,
  value: string,
  field: string,
): string[] {
  if (words !== undefined && !words.includes(value)) return [wrong(field, `one of ${words.join(", ")}`, value)];
  if (pattern !== undefined && !new RegExp(pattern).test(value)) return [wrong(field, `as in ${pattern}`, value)];
  const fits = minLength <= value.length && value.length <= maxLength;
  return fits ? [] : [wrong(field, `of ${minLength} to ${maxLength} characters`, value)];
}

function numberProblems({ minimum = -Infinity, maximum = Infinity }: Schema, value: number, field: string): string[] {
  return minimum <= value && value <= maximum ? [] : [wrong(field, `from ${minimum} to ${maximum}`, value)];
}

function listProblems(
  { items, minItems = 0, maxItems = Infinity }: Schema,
  value: readonly unknown[],
  field: string,
): string[] {
  const fits = minItems <= value.length && value.length <= maxItems;
  const length = fits ? [] : [`${field} must have ${minItems} to ${maxItems} entries; given: ${value.length}`];
  const each =
    items === undefined ? [] : value.flatMap((entry, index) => schemaProblems(items, entry, `${field}[${index}]`));
  return [...length, ...each];
}

function objectProblems(
  { properties, additionalProperties, required = [], maxProperties = Infinity }: Schema,
  value: Fields,
  field: string,
): string[] {
  const missing = required.filter((name) => value[name] === undefined).map((name) => `${field}.${name} must be given`);
  const many = Object.keys(value).length <= maxProperties ? [] : [`${field} must have at most ${maxProperties} fields`];
  const each = Object.entries(value).flatMap(([name, part]) => {
    const schema = properties?.[name] ?? additionalProperties;
    return schema === undefined ? [`${field}.${name} is not known`] : schemaProblems(schema, part, `${field}.${name}`);
  });
  return [...missing, ...many, ...each];
}

function wrong(field: string, allowed: string, value: unknown): string {
  return `${field} must be ${allowed}; given: ${JSON.stringify(value)}`;
}
