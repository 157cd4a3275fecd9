/**
 * Reasons of BigQuery's error table with the HTTP code and canonical status that each is answered with.
 * Source: https://cloud.google.com/bigquery/docs/error-messages#errortable
 */
const REASONS = {
  invalid: [400, "INVALID_ARGUMENT"],
  invalidQuery: [400, "INVALID_ARGUMENT"],
  required: [400, "INVALID_ARGUMENT"],
  parseError: [400, "INVALID_ARGUMENT"],
  resourceInUse: [400, "FAILED_PRECONDITION"],
  resourcesExceeded: [400, "RESOURCE_EXHAUSTED"],
  timeout: [400, "DEADLINE_EXCEEDED"],
  stopped: [400, "CANCELLED"],
  authError: [401, "UNAUTHENTICATED"],
  responseTooLarge: [403, "PERMISSION_DENIED"],
  notFound: [404, "NOT_FOUND"],
  duplicate: [409, "ALREADY_EXISTS"],
  conditionNotMet: [412, "FAILED_PRECONDITION"],
  uploadTooLarge: [413, "INVALID_ARGUMENT"],
  internalError: [500, "INTERNAL"],
  notImplemented: [501, "UNIMPLEMENTED"],
  backendError: [503, "UNAVAILABLE"],
} as const;

export type ApiReason = keyof typeof REASONS;

/** What a client is told when a request or a job fails; `location` names the parameter or field at fault. */
export class ApiError extends Error {
  readonly reason: ApiReason;
  readonly location: string | undefined;

  constructor(reason: ApiReason, message: string, location?: string) {
    super(message);
    this.name = "ApiError";
    this.reason = reason;
    this.location = location;
  }

  get httpStatus(): number {
    return REASONS[this.reason][0];
  }
}

/** A request that BigQuery would serve and this server does not; `what` names the feature. */
export function notImplemented(what: string): ApiError {
  return new ApiError("notImplemented", `Not implemented by the embedded BigQuery: ${what}`);
}

/** A request that is wrong in itself. */
export function invalid(message: string, location?: string): ApiError {
  return new ApiError("invalid", message, location);
}

/** The body of an HTTP error answer, as Google's APIs spell it. */
export function errorBody(error: ApiError): object {
  const [code, status] = REASONS[error.reason];
  const place = error.location === undefined ? {} : { location: error.location, locationType: "parameter" };
  const one = { message: error.message, domain: "global", reason: error.reason, ...place };
  return { error: { code, message: error.message, errors: [one], status } };
}

/** The error as a job's status carries it. Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/ErrorProto */
export function errorProto(error: ApiError): object {
  return { reason: error.reason, location: error.location ?? "", message: error.message };
}
