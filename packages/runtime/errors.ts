/** What a closed list says about one of its codes. */
export interface ErrorKind {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/** The facts of an error beside its message: plain values that may be logged. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error class of this project. `code` is from a closed list (see {@link errorList}), `message` is a constant
 * sentence, the facts are in `details`, and what was caught is in `cause`.
 */
export class AppError<Code extends string = string> extends Error {
  override readonly name = "AppError";
  readonly code: Code;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: Code, kind: ErrorKind, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = kind.retryable;
    this.details = options.details ?? {};
  }
}

/** A closed list of error codes, and the only way to make and to recognise errors with them. */
export interface ErrorList<Code extends string> {
  readonly kinds: Readonly<Record<Code, ErrorKind>>;
  create(code: Code, message: string, options?: { cause?: unknown; details?: ErrorDetails }): AppError<Code>;
  /** True for an error of this list; with `code`, for that one only. */
  is(error: unknown, code?: Code): error is AppError<Code>;
}

/**
 * Declares a room's closed list of error codes.
 *
 * @example
 * export const kafkaErrors = errorList({ KAFKA_UNAVAILABLE: { retryable: true } });
 * throw kafkaErrors.create("KAFKA_UNAVAILABLE", "no broker answered", { cause });
 */
export function errorList<const Code extends string>(kinds: Record<Code, ErrorKind>): ErrorList<Code> {
  return {
    kinds,
    create: (code, message, options) => new AppError(code, kinds[code], message, options),
    is: (error, code): error is AppError<Code> =>
      isAppError(error) && (code === undefined ? Object.hasOwn(kinds, error.code) : error.code === code),
  };
}

function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** An error that says it is final is; anything unknown is worth another attempt. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof AppError) || error.retryable;
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("something that is not an Error was thrown", { cause: thrown });
}
