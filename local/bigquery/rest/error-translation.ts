import type { Logger } from "#runtime/logger";
import { StoreError } from "../engine/store-error.ts";
import { SqlError } from "../sql/statement.ts";
import { ApiError, notImplemented } from "./api-error.ts";

/** Failures of DuckDB that the statement or its data caused: the message after the class may be shown. */
const USER_ERRORS = new Set([
  "Invalid Input",
  "Out of Range",
  "Conversion",
  "Mismatch Type",
  "Invalid Type",
  "Decimal",
]);
/** DuckDB refused SQL that the translator made: the same statement would fail again, so nobody should retry it. */
const TRANSLATION_ERRORS = new Set(["Binder", "Catalog", "Parser", "Syntax", "Not implemented", "INTERNAL"]);
const RESOURCE_ERRORS = new Set(["Out of Memory", "IO"]);
/** `Conversion Error: Could not …`, possibly followed by the SQL text with a caret, which is not the client's SQL. */
const DUCKDB_MESSAGE = /^([A-Z][A-Za-z ]*?) Error: ([^]*?)(?:\n\s*\n?LINE \d+:[^]*)?$/;
const NOT_NULL = /^NOT NULL constraint failed: [^.]+\.(.+)$/;
/** What the translator's own run-time refusals say: the statement is right, and not supported for this data. */
const NOT_SUPPORTED = "not supported by the embedded BigQuery";
/** Names that only the storage knows; a message with one of them would tell a client nothing. */
const INTERNAL_NAMES = /\bt_[0-9a-f]{16}\b|\bbq_[a-z_]+\b|\.duckdb\b/;

/** A sum beyond INT64: DuckDB adds as a wider integer and says so. */
const INT64_OVERFLOW = /^Type INT128 with value (-?\d+) can't be cast because the value is out of range/;
/** DuckDB's names of types; GoogleSQL has none of them. */
const ENGINE_TYPES = /\b(INT128|HUGEINT|BIGINT|VARCHAR|DOUBLE|BLOB|DECIMAL\(\d+, ?\d+\)|TIMESTAMP WITH TIME ZONE)/;

/**
 * Whatever was thrown, as the error that a client may see. What nobody foresaw is logged in full and answered as
 * `internalError` without details: never DuckDB's internals, never a path.
 */
export function toApiError(thrown: unknown, logger: Logger): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof SqlError) return new ApiError(thrown.reason, thrown.message, "q");
  if (thrown instanceof StoreError) return new ApiError(thrown.reason, thrown.message);
  const known = bodyError(thrown) ?? tooLongError(thrown) ?? duckDbError(thrown, logger);
  if (known) return known;
  logger.error({ err: thrown }, "request failed for a reason that no rule covers");
  return new ApiError("internalError", "An internal error occurred and the request could not be completed.");
}

/** A failure of the body parser, which carries `type` and `status`. */
function bodyError(thrown: unknown): ApiError | undefined {
  const { type } = (thrown ?? {}) as { type?: unknown };
  if (type === "entity.too.large") {
    return new ApiError("uploadTooLarge", "Request payload size exceeds the limit: 10485760 bytes.");
  }
  if (type === "encoding.unsupported" || type === "request.size.invalid" || type === "request.aborted") {
    return new ApiError("invalid", "The request's body could not be read.");
  }
  const { code } = (thrown ?? {}) as { code?: unknown };
  return code === "Z_DATA_ERROR" || code === "Z_BUF_ERROR" ? new ApiError("invalid", "Bad gzip data.") : undefined;
}

function duckDbError(thrown: unknown, logger: Logger): ApiError | undefined {
  const match = thrown instanceof Error ? DUCKDB_MESSAGE.exec(thrown.message.trimEnd()) : null;
  if (!match) return undefined;
  const [, kind = "", message = ""] = match;
  if (RESOURCE_ERRORS.has(kind)) {
    return new ApiError("resourcesExceeded", "Resources exceeded during query execution.", "q");
  }
  if (kind === "Constraint") return constraintError(message);
  if (TRANSLATION_ERRORS.has(kind)) {
    logger.error({ err: thrown }, "the engine refused a translated statement");
    return notImplemented("this statement, which was accepted but cannot be run");
  }
  if (!USER_ERRORS.has(kind)) return undefined;
  if (message.includes(NOT_SUPPORTED)) return new ApiError("notImplemented", message, "q");
  return new ApiError("invalidQuery", clientMessage(message), "q");
}

/** A message of DuckDB in the words of BigQuery, or without details. */
function clientMessage(message: string): string {
  const sum = INT64_OVERFLOW.exec(message)?.[1];
  if (sum !== undefined) return `int64 overflow: ${sum}`;
  const isInternal = INTERNAL_NAMES.test(message) || ENGINE_TYPES.test(message);
  return isInternal ? "The statement failed while it ran on the data." : message;
}

/** Texts beyond what JavaScript can hold in one piece (half a gigabyte), of a value or of rows that are put together. */
function tooLongError(thrown: unknown): ApiError | undefined {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  const isTooLong = thrown instanceof RangeError && message === "Invalid string length";
  if (!isTooLong && code !== "ERR_STRING_TOO_LONG") return undefined;
  return new ApiError("responseTooLarge", "Response too large to return: a row of the result is too long.");
}

function constraintError(message: string): ApiError {
  const column = NOT_NULL.exec(message)?.[1];
  const text =
    column === undefined ? "A constraint of the table does not hold" : `Required field ${column} cannot be null`;
  return new ApiError("invalidQuery", text, "q");
}
