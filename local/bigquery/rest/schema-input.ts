import type { Field, FieldMode, FieldType } from "../schema/field.ts";
import { invalid, notImplemented } from "./api-error.ts";
import { asObject, type JsonObject, optionalArray, optionalString, refuseOthers, requiredString } from "./input.ts";

/** Names of the REST API and of GoogleSQL for one type; the first are what the API answers with. */
const TYPES: Readonly<Record<string, FieldType>> = {
  STRING: "STRING",
  BYTES: "BYTES",
  INTEGER: "INTEGER",
  INT64: "INTEGER",
  FLOAT: "FLOAT",
  FLOAT64: "FLOAT",
  NUMERIC: "NUMERIC",
  BOOLEAN: "BOOLEAN",
  BOOL: "BOOLEAN",
  TIMESTAMP: "TIMESTAMP",
  DATE: "DATE",
  TIME: "TIME",
  DATETIME: "DATETIME",
  JSON: "JSON",
  RECORD: "RECORD",
  STRUCT: "RECORD",
};
const UNSUPPORTED_TYPES = new Set(["BIGNUMERIC", "BIGDECIMAL", "GEOGRAPHY", "INTERVAL", "RANGE", "FOREIGN"]);
const MODES: ReadonlySet<string> = new Set<FieldMode>(["NULLABLE", "REQUIRED", "REPEATED"]);
const ALLOWED = new Set(["name", "type", "mode", "fields", "description"]);

/** Source of the rules: https://cloud.google.com/bigquery/docs/schemas#column_names */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,299}$/;
const FLEXIBLE_NAME = /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}&%=+:'<>#| ]{1,300}$/u;
const RESERVED_PREFIX =
  /^(?:_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER|_CHANGE_SEQUENCE_NUMBER|_CHANGE_TYPE|_CHANGE_TIMESTAMP)/i;

/** Source: https://cloud.google.com/bigquery/quotas#standard_tables and the nesting limit of RECORDs. */
const MAX_COLUMNS = 10_000;
const MAX_DEPTH = 15;

/**
 * The columns of a TableSchema. Refuses what BigQuery refuses (`invalid`) and what this server cannot honour exactly
 * (`notImplemented`: parameterised types, default values, policy tags, …).
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema
 */
export function readSchema(schema: JsonObject): readonly Field[] {
  refuseOthers(schema, new Set(["fields"]), "schema");
  const fields = readFields(optionalArray(schema.fields, "schema.fields") ?? [], "schema.fields", 1);
  if (countFields(fields) > MAX_COLUMNS)
    throw invalid(`Too many columns: at most ${MAX_COLUMNS} are allowed`, "schema");
  return fields;
}

/** The column as the API spells it. */
export function fieldResource(field: Field): JsonObject {
  const { name, type, mode, description, fields } = field;
  return {
    name,
    type,
    mode,
    ...(fields ? { fields: fields.map(fieldResource) } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

function readFields(inputs: readonly unknown[], path: string, depth: number): readonly Field[] {
  if (depth > MAX_DEPTH) throw invalid(`Schema nesting exceeds ${MAX_DEPTH} levels`, path);
  const fields = inputs.map((input, i) => readField(asObject(input, `${path}[${i}]`), `${path}[${i}]`, depth));
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name.toLowerCase()))
      throw invalid(`Duplicate field name: ${name}. Field names are case-insensitive.`, path);
    seen.add(name.toLowerCase());
  }
  return fields;
}

function readField(input: JsonObject, path: string, depth: number): Field {
  const name = readName(requiredString(input.name, `${path}.name`));
  const type = readType(requiredString(input.type, `${path}.type`), name);
  refuseParameters(input, name);
  const mode = readMode(input.mode, path);
  const description = optionalString(input.description, `${path}.description`);
  const members = optionalArray(input.fields, `${path}.fields`) ?? [];
  if (type !== "RECORD" && members.length > 0) throw invalid(`Field ${name} has members but is not a RECORD`, path);
  if (type === "RECORD" && members.length === 0) throw invalid(`Field ${name} is type RECORD but has no schema`, path);
  return {
    name,
    type,
    mode,
    ...(type === "RECORD" ? { fields: readFields(members, `${path}.fields`, depth + 1) } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

function readName(name: string): string {
  if (RESERVED_PREFIX.test(name)) throw invalid(`Invalid field name "${name}". The prefix is reserved.`, name);
  if (NAME.test(name)) return name;
  if (FLEXIBLE_NAME.test(name) && /\W/.test(name)) throw notImplemented(`flexible column names ("${name}")`);
  const rule = "Fields must contain only letters, numbers, and underscores, start with a letter or underscore";
  throw invalid(`Invalid field name "${name}". ${rule}, and be at most 300 characters long.`, name);
}

function readType(given: string, name: string): FieldType {
  const upper = given.toUpperCase();
  const type = Object.hasOwn(TYPES, upper) ? TYPES[upper] : undefined;
  if (type) return type;
  if (UNSUPPORTED_TYPES.has(upper)) throw notImplemented(`columns of type ${upper} (field ${name})`);
  throw invalid(`Invalid value for type: ${given} is not a valid value`, name);
}

function readMode(given: unknown, path: string): FieldMode {
  const mode = (optionalString(given, `${path}.mode`) || "NULLABLE").toUpperCase();
  if (MODES.has(mode)) return mode as FieldMode;
  throw invalid(`Invalid value for mode: ${mode} is not a valid value`, `${path}.mode`);
}

/** Six digits after the second are what a TIMESTAMP has here; saying so changes nothing. */
function refuseParameters(input: JsonObject, name: string): void {
  const { timestampPrecision, ...rest } = input;
  if (timestampPrecision !== undefined && timestampPrecision !== null && Number(timestampPrecision) !== 6) {
    throw notImplemented(`timestampPrecision other than 6 (field ${name})`);
  }
  refuseOthers(rest, ALLOWED, `field ${name}`);
}

function countFields(fields: readonly Field[]): number {
  return fields.reduce((sum, field) => sum + 1 + countFields(field.fields ?? []), 0);
}
