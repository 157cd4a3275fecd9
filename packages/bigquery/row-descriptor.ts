import { adapt } from "@google-cloud/bigquery-storage";
import type { BigQueryColumn } from "#events";
import type { RowDescriptor } from "./append-connection.ts";

/**
 * The proto2 message that a table's rows are sent as: one optional or required field for each column, numbered from 1 in
 * the columns' order. https://cloud.google.com/bigquery/docs/supported-data-types lists which type goes into which.
 */
export function rowDescriptor(columns: readonly BigQueryColumn[]): RowDescriptor {
  const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields: columns.map((column) => ({ ...column })) });
  return adapt.convertStorageSchemaToProto2Descriptor(schema, "Row");
}
