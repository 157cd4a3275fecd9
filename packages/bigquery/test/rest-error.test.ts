import { expect, test } from "vitest";
import { isWorthRetrying, restError } from "../rest-error.ts";

test.each<[code: number | string | undefined, reason: string | undefined, isRetried: boolean]>([
  // The same code, and different reasons.
  [400, "jobBackendError", true],
  [400, "jobInternalError", true],
  [400, "jobRateLimitExceeded", true],
  [400, "resourcesExceeded", true],
  [400, "tableUnavailable", true],
  [400, "invalidQuery", false],
  [400, "invalid", false],
  [403, "rateLimitExceeded", true],
  [403, "quotaExceeded", true],
  [403, "blocked", true],
  [403, "accessDenied", false],
  [403, "accessNotConfigured", false],
  [403, "billingNotEnabled", false],
  [401, "authError", true],
  [404, "notFound", true],
  [500, "internalError", true],
  [501, "notImplemented", false],
  [503, "backendError", true],
  // A job that failed: its answer had 200.
  [undefined, "backendError", true],
  [undefined, "accessDenied", false],
  // A reason that nobody has heard of decides all the same.
  [400, "somethingNew", true],
  // No reason.
  [400, undefined, false],
  [403, undefined, false],
  [501, undefined, false],
  [429, undefined, true],
  [502, undefined, true],
  ["ECONNRESET", undefined, true],
  [undefined, undefined, true],
])("%s %s: worth another attempt: %s", (code, reason, isRetried) => {
  expect(isWorthRetrying({ code, errors: reason === undefined ? undefined : [{ reason }] })).toBe(isRetried);
});

test("an empty list of errors is none", () => {
  expect([isWorthRetrying({ code: 403, errors: [] }), isWorthRetrying({ code: 503, errors: [] })]).toEqual([
    false,
    true,
  ]);
});

test("the error names the code, the reason and BigQuery's words", () => {
  const cause = Object.assign(new Error("Access Denied: Table"), { code: 403, errors: [{ reason: "accessDenied" }] });
  expect(restError(cause)).toMatchObject({
    ...{ code: "BIGQUERY_REFUSED", retryable: false, cause },
    details: { httpCode: 403, apiReason: "accessDenied", reason: "Access Denied: Table" },
  });
  expect(restError(new Error("socket hang up"))).toMatchObject({ code: "BIGQUERY_UNAVAILABLE", retryable: true });
});
