import type { Field } from "../schema/field.ts";
import type { Table } from "../schema/table.ts";
import type { TableDraft } from "../engine/table-operations.ts";
import { type ApiError, invalid, notImplemented } from "./api-error.ts";

/**
 * What becomes of a table when a client sends `next` for it: existing columns stay in their order, new ones come last.
 *
 * Allowed: other descriptions, new NULLABLE or REPEATED columns, another partition expiration or filter. Not built:
 * relaxing REQUIRED, new members of a RECORD. Everything else is refused as BigQuery refuses it.
 * Source: https://cloud.google.com/bigquery/docs/managing-table-schemas
 */
export function changedTable(current: Table, next: TableDraft): Table {
  if (current.kind !== next.kind) throw invalid(`Cannot change a ${current.kind} to a ${next.kind}`);
  const { partitioning: before, ...kept } = current;
  const { partitioning: after } = next;
  if (before?.field.toLowerCase() !== after?.field.toLowerCase() || before?.granularity !== after?.granularity) {
    throw invalid("Cannot change the partitioning of a table: only its expiration and filter", "timePartitioning");
  }
  const fields = current.kind === "VIEW" ? next.fields : changedFields(current, next.fields);
  return { ...kept, ...next, fields };
}

function changedFields(current: Table, next: readonly Field[]): readonly Field[] {
  const existing = current.fields.map((field) => {
    const other = next.find((candidate) => sameName(candidate, field));
    if (!other) throw mismatch(current, `Field ${field.name} is missing in new schema`);
    return changedField(current, field, other, field.name);
  });
  const added = next.filter((field) => !current.fields.some((old) => sameName(old, field)));
  const required = added.find((field) => field.mode === "REQUIRED");
  if (required) throw mismatch(current, `Cannot add required fields to an existing schema. (field: ${required.name})`);
  return [...existing, ...added];
}

function changedField(table: Table, old: Field, next: Field, path: string): Field {
  if (old.type !== next.type) throw mismatch(table, `Field ${path} has changed type from ${old.type} to ${next.type}`);
  if (old.mode !== next.mode) {
    if (old.mode === "REQUIRED" && next.mode === "NULLABLE")
      throw notImplemented(`relaxing REQUIRED to NULLABLE (field ${path})`);
    throw mismatch(table, `Field ${path} has changed mode from ${old.mode} to ${next.mode}`);
  }
  if (old.name !== next.name) throw notImplemented(`renaming a column to another case (field ${path})`);
  return old.fields ? { ...next, fields: changedMembers(table, old.fields, next.fields ?? [], path) } : next;
}

function changedMembers(table: Table, old: readonly Field[], next: readonly Field[], path: string): readonly Field[] {
  const added = next.find((field) => !old.some((other) => sameName(other, field)));
  if (added) throw notImplemented(`adding a member to a RECORD (field ${path}.${added.name})`);
  return old.map((field) => {
    const other = next.find((candidate) => sameName(candidate, field));
    if (!other) throw mismatch(table, `Field ${path}.${field.name} is missing in new schema`);
    return changedField(table, field, other, `${path}.${field.name}`);
  });
}

function mismatch(table: Table, what: string): ApiError {
  const { projectId, datasetId, tableId } = table.ref;
  return invalid(`Provided Schema does not match Table ${projectId}:${datasetId}.${tableId}. ${what}`, "schema");
}

function sameName(a: Field, b: Field): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase();
}
