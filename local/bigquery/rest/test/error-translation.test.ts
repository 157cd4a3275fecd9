import { silentLogger } from "#runtime/logger";
import { describe, expect, test } from "vitest";
import { toApiError } from "../error-translation.ts";

const told = (message: string): { reason: string; message: string } => {
  const { reason, message: text } = toApiError(new Error(message), silentLogger);
  return { reason, message: text };
};

describe("failures of the engine", () => {
  test.each([
    ["Invalid Input Error: boom", "invalidQuery", "boom"],
    ["Out of Range Error: Overflow in addition", "invalidQuery", "Overflow in addition"],
    [
      "Conversion Error: Could not convert 'x' to INT64\n\nLINE 1: SELECT t_0123456789abcdef\n   ^",
      "invalidQuery",
      "Could not convert 'x' to INT64",
    ],
    [
      "Constraint Error: NOT NULL constraint failed: t_0123456789abcdef.a",
      "invalidQuery",
      "Required field a cannot be null",
    ],
    ["Conversion Error: bad t_0123456789abcdef", "invalidQuery", "The statement failed while it ran on the data."],
    [
      "Out of Memory Error: could not allocate /data/x",
      "resourcesExceeded",
      "Resources exceeded during query execution.",
    ],
    [
      "IO Error: Cannot open file '/data/bigquery.duckdb'",
      "resourcesExceeded",
      "Resources exceeded during query execution.",
    ],
    [
      "Conversion Error: Type INT128 with value 9223372036854775808 can't be cast because the value is out of range for the destination type INT64 when casting from source column sum(e1)",
      "invalidQuery",
      "int64 overflow: 9223372036854775808",
    ],
    ["Conversion Error: VARCHAR to BIGINT", "invalidQuery", "The statement failed while it ran on the data."],
  ])("%s", (thrown, reason, message) => expect(told(thrown)).toEqual({ reason, message }));

  test("a value too long for a JavaScript string is the statement's fault, not the server's", () => {
    const tooLong = (make: () => unknown): string => {
      try {
        make();
      } catch (error) {
        return toApiError(error, silentLogger).reason;
      }
      throw new Error("it was not too long");
    };
    expect(tooLong(() => "x".repeat(2 ** 29) + "x".repeat(2 ** 29))).toBe("responseTooLarge");
    expect(tooLong(() => Buffer.alloc(2 ** 29).toString("latin1"))).toBe("responseTooLarge");
  });

  test("what the engine refuses to run is not supported, and unknown failures are internal: both without details", () => {
    expect(told("Binder Error: column t_0123456789abcdef.x").reason).toBe("notImplemented");
    const unknown = told("something with /a/path");
    expect(unknown.reason).toBe("internalError");
    expect(unknown.message).not.toContain("/a/path");
  });
});
