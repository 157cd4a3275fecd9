import { errorList, type AppError } from "#runtime";

/** What the API server may answer instead of what was asked for. Retryable: the same call may succeed later. */
export const kubeErrors = errorList({
  /** There is no such object, or no such kind. */
  NOT_FOUND: { retryable: true },
  /** Somebody else was faster, or the object is another one by now. */
  CONFLICT: { retryable: true },
  /** What was asked for is too old: list again. */
  GONE: { retryable: true },
  /** The object breaks a rule. */
  INVALID: { retryable: false },
  /** Rights are missing, or a quota is used up. */
  FORBIDDEN: { retryable: true },
  UNAUTHORIZED: { retryable: true },
  /** The server is busy, failing, away, or silent for too long. */
  UNAVAILABLE: { retryable: true },
  /** Anything else: probably an error of ours. */
  REFUSED: { retryable: false },
});

export type KubeErrorCode = keyof typeof kubeErrors.kinds;
export type KubeError = AppError<KubeErrorCode>;

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  410: "GONE",
  422: "INVALID",
  429: "UNAVAILABLE",
};

/** An HTTP status, or the code of an ERROR event in a watch, with the `Status` object that came with it. */
export function kubeError(status: number, body: unknown): KubeError {
  const code = CODES[status] ?? (status >= 500 ? "UNAVAILABLE" : "REFUSED");
  return kubeErrors.create(code, messageOf(body) ?? `the API server answered ${status}`, { details: { status } });
}

/** The server's own words: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function messageOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("message" in body)) return undefined;
  return typeof body.message === "string" && body.message !== "" ? body.message : undefined;
}
