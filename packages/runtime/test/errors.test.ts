import { expect, test } from "vitest";
import { AppError, errorList, isRetryable, toError } from "#runtime";

const errors = errorList({ BUSY: { retryable: true }, BROKEN: { retryable: false } });
const others = errorList({ OTHER: { retryable: true } });

test("an error carries its code, whether to retry, cause and facts", () => {
  const cause = new Error("socket closed");
  const error = errors.create("BUSY", "the broker is busy", { cause, details: { partition: 3 } });
  expect(error).toMatchObject({ name: "AppError", code: "BUSY", retryable: true, cause, details: { partition: 3 } });
  expect(error).toBeInstanceOf(AppError);
  expect("cause" in errors.create("BUSY", "no cause")).toBe(false);
});

test("a list knows its own errors and codes", () => {
  const error: unknown = errors.create("BUSY", "x");
  expect([errors.is(error), errors.is(error, "BUSY"), errors.is(error, "BROKEN")]).toEqual([true, true, false]);
  expect([others.is(error), errors.is(new Error("x")), errors.is(undefined)]).toEqual([false, false, false]);
});

test("only an error that says it is final is not worth another attempt", () => {
  expect(isRetryable(errors.create("BROKEN", "x"))).toBe(false);
  expect([errors.create("BUSY", "x"), new Error("x"), "text"].map(isRetryable)).toEqual([true, true, true]);
});

test("whatever was thrown becomes an Error", () => {
  const error = new Error("x");
  expect(toError(error)).toBe(error);
  expect(toError("text").cause).toBe("text");
});
