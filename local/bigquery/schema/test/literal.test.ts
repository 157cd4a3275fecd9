import { describe, expect, it } from "vitest";
import { parseDate, parseDateTime, parseNumeric, parseTime } from "../literal.ts";

describe("literals", () => {
  it.each([
    ["0001-01-01", -719_162],
    ["9999-12-31", 2_932_896],
    ["1970-1-2", 1],
    ["2024-02-29", 19_782],
    ["2023-02-29", undefined],
    ["0000-01-01", undefined],
    ["2024-13-01", undefined],
    ["2024-01-01 ", undefined],
  ])("DATE %s", (text, expected) => expect(parseDate(text)).toBe(expected));

  it.each([
    ["00:00:00", 0n],
    ["1:2:3.004", 3_723_004_000n],
    ["23:59:60", undefined],
    ["12:00", undefined],
    ["12:00:00.1234567", undefined],
  ])("TIME %s", (text, expected) => expect(parseTime(text)).toBe(expected));

  it.each([
    ["1970-01-01", 0n],
    ["1970-01-02T00:00:01", 86_401_000_000n],
    ["1970-01-02 00:00:01.5", 86_401_500_000n],
    ["1970-01-02T00:00:01Z", undefined],
  ])("DATETIME %s", (text, expected) => expect(parseDateTime(text)).toBe(expected));

  it.each([
    ["99999999999999999999999999999.999999999", 10n ** 38n - 1n],
    ["100000000000000000000000000000", undefined],
    ["-0.000000001", -1n],
    ["1e-9", 1n],
    ["12.50e1", 125_000_000_000n],
    [".5", 500_000_000n],
    ["", undefined],
    [".", undefined],
    ["0x1", undefined],
  ])("NUMERIC %s", (text, expected) => expect(parseNumeric(text)).toBe(expected));
});
