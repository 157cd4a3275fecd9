import type { Field } from "../schema/field.ts";
import type { PartitionGranularity, TimePartitioning } from "../schema/table.ts";
import { invalid, notImplemented } from "./api-error.ts";
import {
  type JsonObject,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalString,
  refuseOthers,
} from "./input.ts";

const GRANULARITIES: ReadonlySet<string> = new Set<PartitionGranularity>(["HOUR", "DAY", "MONTH", "YEAR"]);
const PARTITION_TYPES = new Set(["TIMESTAMP", "DATETIME", "DATE"]);
const ALLOWED = new Set(["type", "field", "expirationMs", "requirePartitionFilter"]);
const CLUSTER_TYPES = new Set(["STRING", "BYTES", "INTEGER", "NUMERIC", "BOOLEAN", "TIMESTAMP", "DATE", "DATETIME"]);
const MAX_CLUSTER_FIELDS = 4;

/**
 * Partitioning by a column. Without `field` it would be by ingestion time, which is refused.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TimePartitioning and
 * https://cloud.google.com/bigquery/docs/partitioned-tables#date_timestamp_partitioned_tables
 */
export function readPartitioning(input: JsonObject, fields: readonly Field[]): TimePartitioning {
  refuseOthers(input, ALLOWED, "timePartitioning");
  const granularity = optionalString(input.type, "timePartitioning.type");
  if (granularity === undefined || !GRANULARITIES.has(granularity)) {
    throw invalid("timePartitioning.type must be one of HOUR, DAY, MONTH, YEAR", "timePartitioning.type");
  }
  const name = optionalString(input.field, "timePartitioning.field");
  if (!name) throw notImplemented("ingestion-time partitioning (timePartitioning without field)");
  const column = partitionColumn(name, granularity, fields);
  const expirationMs = optionalCount(input.expirationMs, "timePartitioning.expirationMs");
  return {
    granularity: granularity as PartitionGranularity,
    field: column.name,
    ...(expirationMs ? { expirationMs } : {}),
  };
}

/** `requirePartitionFilter` of the table, or its older place inside timePartitioning. */
export function readPartitionFilter(body: JsonObject, partitioning: JsonObject | undefined): boolean {
  const top = optionalBoolean(body.requirePartitionFilter, "requirePartitionFilter") ?? false;
  const inner =
    optionalBoolean(partitioning?.requirePartitionFilter, "timePartitioning.requirePartitionFilter") ?? false;
  if (top && !partitioning) {
    throw invalid("require_partition_filter is only supported for partitioned tables", "requirePartitionFilter");
  }
  return top || inner;
}

/**
 * Clustering orders storage and changes no result, so it is checked and kept, no more.
 * Source: https://cloud.google.com/bigquery/docs/clustered-tables
 */
export function checkClustering(input: JsonObject, fields: readonly Field[]): void {
  refuseOthers(input, new Set(["fields"]), "clustering");
  const names = optionalArray(input.fields, "clustering.fields") ?? [];
  if (names.length === 0 || names.length > MAX_CLUSTER_FIELDS) {
    throw invalid(`Clustering takes 1 to ${MAX_CLUSTER_FIELDS} columns`, "clustering.fields");
  }
  for (const name of names) {
    const column = findField(fields, String(name));
    if (!column)
      throw invalid(`The field specified for clustering cannot be found in the schema: ${String(name)}`, "clustering");
    if (!CLUSTER_TYPES.has(column.type) || column.mode === "REPEATED") {
      throw invalid(`Field ${column.name} of type ${column.type} cannot be used for clustering`, "clustering");
    }
  }
}

function partitionColumn(name: string, granularity: string, fields: readonly Field[]): Field {
  const column = findField(fields, name);
  if (!column) {
    throw invalid(
      `The field specified for partitioning cannot be found in the schema: ${name}`,
      "timePartitioning.field",
    );
  }
  if (!PARTITION_TYPES.has(column.type) || column.mode === "REPEATED") {
    throw invalid(
      `The field specified for time partitioning must be a TIMESTAMP, DATETIME or DATE: ${name}`,
      "timePartitioning.field",
    );
  }
  if (column.type === "DATE" && granularity === "HOUR") {
    throw invalid(
      "The field specified for partitioning can not be DATE for HOUR type partition.",
      "timePartitioning.field",
    );
  }
  return column;
}

function findField(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
}
