import type { AppError } from "#runtime";
import { bigQueryErrors } from "./errors.ts";

/** What the REST client throws: an answer, a job that failed (it has no HTTP code), or no answer at all. */
export interface RestFailure {
  /** HTTP code of an answer; a system's name of the error, such as ECONNRESET, where there was none. */
  readonly code?: number | string | undefined;
  readonly message?: string | undefined;
  readonly errors?: readonly { readonly reason?: string | undefined }[] | undefined;
}

/**
 * Reasons that somebody has to remove: the call is wrong, or a right, an API or the billing is missing. Every other one
 * may pass by itself: limits, a table that is being made, a token that is being renewed; and BigQuery's own trouble,
 * which comes with 400 as well (jobBackendError, jobInternalError, jobRateLimitExceeded), so that no code can tell.
 * Sources: https://cloud.google.com/bigquery/docs/error-messages and, for what Google's front answers before BigQuery does,
 * https://cloud.google.com/resource-manager/docs/core_errors
 */
const FINAL_REASONS: ReadonlySet<string> = new Set([
  ...["invalid", "invalidQuery", "invalidUser", "attributeError", "badRequest", "parseError", "required"],
  ...["accessDenied", "forbidden", "insufficientPermissions", "accessNotConfigured", "billingNotEnabled"],
  ...["billingTierLimitExceeded", "responseTooLarge", "notImplemented"],
]);

/** Of an answer without a reason, which not BigQuery but something before it has given. */
const FINAL_CODES: ReadonlySet<unknown> = new Set([400, 403, 501]);

/** Whether the same call may succeed later without anybody changing anything. */
export function isWorthRetrying({ code, errors }: RestFailure): boolean {
  const reason = errors?.[0]?.reason;
  return !(reason === undefined ? FINAL_CODES.has(code) : FINAL_REASONS.has(reason));
}

/** What was thrown by a call of the REST API as BIGQUERY_REFUSED or, if it is worth another attempt, BIGQUERY_UNAVAILABLE. */
export function restError(cause: unknown): AppError {
  const failure = cause as RestFailure;
  const { code, message } = failure;
  const details = { httpCode: code, apiReason: failure.errors?.[0]?.reason, reason: message };
  return isWorthRetrying(failure)
    ? bigQueryErrors.create("BIGQUERY_UNAVAILABLE", "the call to BigQuery failed", { cause, details })
    : bigQueryErrors.create("BIGQUERY_REFUSED", "BigQuery refuses the call", { cause, details });
}
