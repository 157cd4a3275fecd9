import { describe, expect, it } from "vitest";
import { parseDate, parseDateTime, parseTime, parseTimestamp } from "../civil-text.ts";
import { parseNumeric } from "../decimal-text.ts";

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
  ])("DATE %s", (text, expected) => expect(parseDate(text, "literal")).toBe(expected));

  it.each([
    ["00:00:00", 0n],
    ["1:2:3.004", 3_723_004_000n],
    ["23:59:60", undefined],
    ["12:00", undefined],
    ["12:00:00.1234567", undefined],
  ])("TIME %s", (text, expected) => expect(parseTime(text, "literal")).toBe(expected));

  it.each([
    ["1970-01-01", 0n],
    ["1970-01-02T00:00:01", 86_401_000_000n],
    ["1970-01-02 00:00:01.5", 86_401_500_000n],
    ["1970-01-02T00:00:01Z", undefined],
  ])("DATETIME %s", (text, expected) => expect(parseDateTime(text, "literal")).toBe(expected));

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

describe("spellings that rows have and literals have not", () => {
  const day = 19_723;
  const midnight = BigInt(day) * 86_400_000_000n;

  it.each([
    ["2024/01/01", undefined, day],
    ["2024-1-1", day, day],
    ["1-1-1", -719_162, undefined],
  ])("DATE %s", (text, literal, row) => {
    expect(parseDate(text, "literal")).toBe(literal);
    expect(parseDate(text, "row")).toBe(row);
  });

  it.each([
    ["12:00:00.123456000", undefined, 43_200_123_456n],
    ["12:00:00.1234567", undefined, undefined],
    ["12:00", undefined, undefined],
  ])("TIME %s", (text, literal, row) => {
    expect(parseTime(text, "literal")).toBe(literal);
    expect(parseTime(text, "row")).toBe(row);
  });

  it.each([
    ["2024-01-01 00:01", undefined, midnight + 60_000_000n],
    ["2024-01-01 00:00:00 UTC", midnight, midnight],
    ["2024-01-01 00:00:00 GMT", undefined, midnight],
    ["2024-01-01T01:00:00+01:00", midnight, midnight],
    ["2024-01-01T01:00:00+0100", undefined, midnight],
    ["2024-01-01 01:00:00 +1", midnight, undefined],
    ["2024-01-01-00:30", midnight + 1_800_000_000n, midnight + 1_800_000_000n],
    ["2024-01-01T00:00:00+15", undefined, undefined],
    ["0001-01-01T00:00:00+01", undefined, undefined],
    ["2024-01-01T00:00:00Zulu", undefined, undefined],
  ])("TIMESTAMP %s", (text, literal, row) => {
    expect(parseTimestamp(text, "literal")).toBe(literal);
    expect(parseTimestamp(text, "row")).toBe(row);
  });
});
