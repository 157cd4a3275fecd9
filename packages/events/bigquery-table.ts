import type { TSchema } from "typebox";
import { addedColumns, optionalFields, payloadFields } from "./schema.ts";

/** A column in the form of BigQuery's REST API: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema */
export interface BigQueryColumn {
  readonly name: string;
  readonly type: "STRING" | "INTEGER" | "FLOAT" | "TIMESTAMP" | "JSON";
  readonly mode: "REQUIRED" | "NULLABLE";
  readonly description: string;
}

/** A table in the form of the same API, as `tables.insert` takes it. */
export interface BigQueryTable {
  readonly description: string;
  readonly schema: { readonly fields: readonly BigQueryColumn[] };
  readonly timePartitioning: { readonly type: "DAY"; readonly field: string; readonly expirationMs: string };
  readonly clustering: { readonly fields: readonly string[] };
}

/** Days that a partition of `iot_events` is kept. */
export const EVENTS_EXPIRATION_DAYS = 90;

/** All columns of `iot_events`: the payload's fields in order, then what the pipeline adds. */
export const eventColumns: readonly BigQueryColumn[] = [
  ...payloadFields.map(([name, rule]) => payloadColumn(name, rule)),
  ...addedColumns,
];

/** The table `iot_events`. Times are stored as TIMESTAMP; their values in code are milliseconds since the epoch. */
export const eventsTable: BigQueryTable = {
  description: "Every reading of every sensor, one row per Kafka record.",
  schema: { fields: eventColumns },
  timePartitioning: {
    type: "DAY",
    field: "event_time",
    expirationMs: String(EVENTS_EXPIRATION_DAYS * 86_400_000),
  },
  clustering: { fields: ["sensor_id"] },
};

function payloadColumn(name: string, rule: TSchema): BigQueryColumn {
  const { description = "", type, default: standard } = rule as RuleKeywords;
  // A field with a default has a value in every row, although a payload may leave it out.
  const required = standard !== undefined || !optionalFields.some((optional) => optional === name);
  return { name, type: columnType(name, type), mode: required ? "REQUIRED" : "NULLABLE", description };
}

/** The JSON Schema keywords that the rules use. */
export interface RuleKeywords {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

function columnType(name: string, type: string | undefined): BigQueryColumn["type"] {
  if (name.endsWith("_time")) return "TIMESTAMP";
  if (type === "integer") return "INTEGER";
  return type === "number" ? "FLOAT" : "STRING";
}
