import type { Field, FieldType } from "../schema/field.ts";
import type { AppendOutcome } from "../engine/append-task.ts";
import { type AppendRowsResponse, CODE, type RpcStatus, STORAGE_ERROR, storageErrorDetail } from "./protocol.ts";
import type { RowError } from "./row-decoder.ts";

/** `RowError.RowErrorCode.FIELDS_ERROR` */
const FIELDS_ERROR = 1;
/** Row errors that one reply lists; the rows beyond are just as bad, but a reply must stay a message. */
const MAX_ROW_ERRORS = 1000;

/** A status of the service; with a StorageError where the documentation names one. */
export function status(code: CODE, message: string, storageError?: number, entity = ""): RpcStatus {
  if (storageError === undefined) return { code, message };
  return { code, message, details: [storageErrorDetail(storageError, entity, message)] };
}

export function streamNotFound(name: string): RpcStatus {
  return status(
    CODE.NOT_FOUND,
    `Requested entity was not found. Entity: ${name}`,
    STORAGE_ERROR.STREAM_NOT_FOUND,
    name,
  );
}

export function tableNotFound(path: string): RpcStatus {
  return status(CODE.NOT_FOUND, `Requested entity was not found. Entity: ${path}`, STORAGE_ERROR.TABLE_NOT_FOUND, path);
}

/** The status of an append that was not stored, or undefined if it was. */
export function appendStatus(outcome: AppendOutcome, name: string, offset: number | undefined): RpcStatus | undefined {
  const where = `Entity: ${name}`;
  switch (outcome.kind) {
    case "store":
      return undefined;
    case "tableGone":
      return tableNotFound(name.replace(/\/streams\/.*$/, ""));
    case "finalized":
      return status(
        CODE.FAILED_PRECONDITION,
        `The stream is finalized. ${where}`,
        STORAGE_ERROR.STREAM_FINALIZED,
        name,
      );
    case "alreadyExists": {
      const message = `The offset is within stream, expected offset ${outcome.expected}, received ${offset ?? ""}. ${where}`;
      return status(CODE.ALREADY_EXISTS, message, STORAGE_ERROR.OFFSET_ALREADY_EXISTS, name);
    }
    case "outOfRange": {
      const message = `The offset is beyond stream, expected offset ${outcome.expected}, received ${offset ?? ""}. ${where}`;
      return status(CODE.OUT_OF_RANGE, message, STORAGE_ERROR.OFFSET_OUT_OF_RANGE, name);
    }
  }
}

/** The reply to an append whose rows do not fit; nothing of it was stored. */
export function rowErrorsReply(errors: readonly RowError[], name: string): AppendRowsResponse {
  const listed = errors.slice(0, MAX_ROW_ERRORS);
  return {
    error: status(
      CODE.INVALID_ARGUMENT,
      `Errors found while processing rows. Please refer to the row_errors field for details. Entity: ${name}`,
    ),
    rowErrors: listed.map(({ index, message }) => ({ index, code: FIELDS_ERROR, message })),
    writeStream: name,
  };
}

/** `TableFieldSchema.Type` by the REST API's names. */
const TYPE_NUMBERS: Readonly<Record<FieldType, number>> = {
  STRING: 1,
  INTEGER: 2,
  FLOAT: 3,
  RECORD: 4,
  BYTES: 5,
  BOOLEAN: 6,
  TIMESTAMP: 7,
  DATE: 8,
  TIME: 9,
  DATETIME: 10,
  NUMERIC: 12,
  JSON: 15,
};
const MODE_NUMBERS = { NULLABLE: 1, REQUIRED: 2, REPEATED: 3 } as const;

/** `google.cloud.bigquery.storage.v1.TableSchema` */
export function storageSchema(fields: readonly Field[]): { fields: object[] } {
  return { fields: fields.map(storageField) };
}

function storageField(field: Field): object {
  return {
    name: field.name,
    type: TYPE_NUMBERS[field.type],
    mode: MODE_NUMBERS[field.mode],
    description: field.description ?? "",
    fields: (field.fields ?? []).map(storageField),
  };
}
