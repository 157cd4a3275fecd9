import type { Field } from "../schema/field.ts";
import type { Table, TableRef } from "../schema/table.ts";

/** What the translator may ask of the catalog. Look-ups answer from memory. */
export interface SqlCatalog {
  table(ref: TableRef): Table | undefined;
  tables(projectId: string, datasetId: string): readonly Table[];
  hasDataset(projectId: string, datasetId: string): boolean;
}

/**
 * A query parameter as the REST API carries it.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter
 */
export interface QueryParameter {
  readonly name?: string;
  readonly parameterType: QueryParameterType;
  readonly parameterValue: QueryParameterValue;
}
export interface QueryParameterType {
  readonly type: string;
  readonly arrayType?: QueryParameterType;
  readonly structTypes?: readonly { readonly name?: string; readonly type: QueryParameterType }[];
}
export interface QueryParameterValue {
  readonly value?: string | null;
  readonly arrayValues?: readonly QueryParameterValue[];
  readonly structValues?: Readonly<Record<string, QueryParameterValue>>;
}

export interface TranslateInput {
  /** GoogleSQL, one statement, optionally ended by a semicolon. */
  readonly sql: string;
  readonly catalog: SqlCatalog;
  /** Project of names without one. */
  readonly projectId: string;
  /** Dataset of names without one; absent: such a name is an error. */
  readonly defaultDatasetId?: string;
  readonly parameters: readonly QueryParameter[];
  /** The statement's one CURRENT_TIMESTAMP, microseconds since the epoch. */
  readonly nowMicros: bigint;
}

/** A translated statement. `duckSql` is complete: literals and parameters are in it, quoted. */
export type Statement =
  | {
      readonly kind: "select";
      readonly duckSql: string;
      readonly fields: readonly Field[];
      readonly tables: readonly TableRef[];
    }
  | {
      readonly kind: "createView";
      readonly ref: TableRef;
      readonly query: string;
      readonly fields: readonly Field[];
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: "drop"; readonly target: "TABLE" | "VIEW"; readonly ref: TableRef; readonly ifExists: boolean }
  | { readonly kind: "delete" | "insert"; readonly table: Table; readonly duckSql: string };

/** Why a statement was refused; each maps to one HTTP status and reason of the REST API. */
export type SqlErrorReason = "invalidQuery" | "notFound" | "notImplemented";

/** A statement that is wrong (`invalidQuery`, `notFound`) or that the embedded BigQuery does not support (`notImplemented`). */
export class SqlError extends Error {
  readonly reason: SqlErrorReason;

  constructor(reason: SqlErrorReason, message: string) {
    super(message);
    this.name = "SqlError";
    this.reason = reason;
  }
}
