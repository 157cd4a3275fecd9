import { blobValue, DuckDBDecimalValue, type DuckDBValue } from "@duckdb/node-api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Field, FieldType } from "../../schema/field.ts";
import { parseJson } from "../exact-json.ts";
import { readMembers, readValue } from "../json-value.ts";

const column = (type: FieldType, mode: Field["mode"] = "NULLABLE"): Field => ({ name: "c", type, mode });
const STRICT = { ignoreUnknown: false };

/** Reads the JSON text `json` for a column of `type`. */
function read(type: FieldType, json: string): DuckDBValue {
  return readValue(column(type), parseJson(json), "c", STRICT);
}
const micros = (type: FieldType, json: string): bigint => (read(type, json) as { micros: bigint }).micros;

describe("INTEGER", () => {
  test("keeps all 64 bits, as string and as number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(read("INTEGER", `${value}`)).toBe(value);
        expect(read("INTEGER", `"${value}"`)).toBe(value);
      }),
    );
  });

  test.each([
    "9223372036854775808",
    "-9223372036854775809",
    "1.5",
    '"1.5"',
    '"x"',
    '""',
    "true",
    '"0x10"',
    '" 1"',
    "1e30",
  ])("refuses %s", (json) => expect(() => read("INTEGER", json)).toThrow("Cannot convert value to integer"));

  test.each([
    ["1.0", 1n],
    ["1e3", 1000n],
    ['"+7"', 7n],
    ["-0", 0n],
  ])("takes %s", (json, value) => {
    expect(read("INTEGER", json)).toBe(value);
  });
});

describe("FLOAT", () => {
  test.each([
    ['"NaN"', NaN],
    ['"Infinity"', Infinity],
    ['"-inf"', -Infinity],
    ['"+Inf"', Infinity],
    ["0.1", 0.1],
    ['"1e-3"', 0.001],
    ["123456789012345678901", 123456789012345680000],
  ])("takes %s", (json, value) => expect(read("FLOAT", json)).toBe(value));

  test.each(["1e400", '"1e400"', '"1,5"', "true", '""', '"0x1"'])("refuses %s", (json) => {
    expect(() => read("FLOAT", json)).toThrow("Cannot convert value to double");
  });
});

describe("NUMERIC", () => {
  test("keeps 29 digits before and 9 after the point, as string and as number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (units) => {
        const text = new DuckDBDecimalValue(units, 38, 9).toString();
        expect((read("NUMERIC", `"${text}"`) as DuckDBDecimalValue).value).toBe(units);
        expect((read("NUMERIC", text) as DuckDBDecimalValue).value).toBe(units);
      }),
    );
  });

  test.each(['"0.0000000001"', '"100000000000000000000000000000"', '"NaN"', '"1e99999"', "true"])(
    "refuses %s",
    (json) => {
      expect(() => read("NUMERIC", json)).toThrow("Invalid NUMERIC value");
    },
  );
});

describe("TIMESTAMP", () => {
  test.each([
    ["0", 0n],
    ["1700000000.123456", 1_700_000_000_123_456n],
    ['"1700000000.123456"', 1_700_000_000_123_456n],
    ["-1.000001", -1_000_001n],
    ["1.7e9", 1_700_000_000_000_000n],
    ["0.0000005", 1n],
    ["0.0000004", 0n],
    ['"1970-01-01T00:00:00Z"', 0n],
    ['"1970-01-01 00:00:01.5 UTC"', 1_500_000n],
    ['"1970-01-01T02:00:00+02:00"', 0n],
    ['"1969-12-31 19:00:00-5"', 0n],
    ['"1970-01-01T00:00:00.123456000Z"', 123_456n],
    ['"1970-01-01"', 0n],
    ['"1970-01-01 00:01"', 60_000_000n],
    ['"0001-01-01T00:00:00Z"', -62_135_596_800_000_000n],
    ['"9999-12-31T23:59:59.999999Z"', 253_402_300_799_999_999n],
  ])("reads %s", (json, value) => expect(micros("TIMESTAMP", json)).toBe(value));

  test.each([
    ...['"2026-02-30T00:00:00Z"', '"2026-01-01T24:00:00Z"', '"2026-01-01T00:00:00.1234567Z"', '"0000-12-31"', '"now"'],
    ...[
      "253402300800",
      '""',
      '"."',
      "true",
      '"2026-01-01T00:00:00 Europe/Berlin"',
      '"10000-01-01"',
      '"0001-01-01T00:00:00+01:00"',
    ],
  ])("refuses %s", (json) => expect(() => read("TIMESTAMP", json)).toThrow("as a timestamp"));
});

describe("other types", () => {
  test.each([
    ["TIME", '"24:00:00"'],
    ["TIME", '"12:00"'],
    ["DATE", '"2026-13-01"'],
    ["DATE", '"2026-01-01T00:00:00"'],
    ["DATE", "5"],
    ["DATETIME", '"2026-01-01T00:00:00Z"'],
    ["BOOLEAN", '"maybe"'],
    ["BYTES", '"not base64!"'],
    ["STRING", "{}"],
    ["STRING", "[]"],
    ["INTEGER", "{}"],
    ["RECORD", '"x"'],
    ["RECORD", "5"],
    ["JSON", '"{"'],
    ["JSON", "1e999"],
  ] as const)("%s refuses %s", (type, json) => expect(() => read(type, json)).toThrow());

  test("STRING takes numbers and booleans as they are spelled", () => {
    expect(read("STRING", "12345678901234567890")).toBe("12345678901234567890");
    expect(read("STRING", "true")).toBe("true");
  });

  test("BYTES are base64", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(read("BYTES", JSON.stringify(text))).toEqual(blobValue(Buffer.from(bytes)));
      }),
    );
  });

  test("JSON is kept without spaces and with all digits, from text and as a document", () => {
    expect(read("JSON", '{"a": [1, 0.12345678901234567890]}')).toBe('{"a":[1,0.12345678901234567890]}');
    expect(read("JSON", JSON.stringify('{"a": 12345678901234567890}'))).toBe('{"a":12345678901234567890}');
    expect(read("JSON", "[1]")).toBe("[1]");
    expect(() => read("JSON", `${"[".repeat(600)}${"]".repeat(600)}`)).toThrow("nesting");
  });
});

describe("modes", () => {
  test("REQUIRED is enforced, in records too", () => {
    const record: Field = {
      name: "r",
      type: "RECORD",
      mode: "NULLABLE",
      fields: [{ ...column("INTEGER", "REQUIRED") }],
    };
    expect(() => readValue(column("INTEGER", "REQUIRED"), null, "c", STRICT)).toThrow("Missing required field: c");
    expect(() => readValue(record, {}, "r", STRICT)).toThrow("Missing required field: r.c");
    expect(readValue(record, null, "r", STRICT)).toBeNull();
  });

  test("REPEATED: null is empty, null inside is refused", () => {
    const repeated = column("INTEGER", "REPEATED");
    expect(readValue(repeated, null, "c", STRICT)).toMatchObject({ items: [] });
    expect(readValue(repeated, [1, "2"], "c", STRICT)).toMatchObject({ items: [1n, 2n] });
    expect(() => readValue(repeated, [null], "c", STRICT)).toThrow("Only optional fields can be set to NULL");
    expect(() => readValue(repeated, 1, "c", STRICT)).toThrow("JSON array");
    expect(() => readValue(column("INTEGER"), [1], "c", STRICT)).toThrow("Array specified");
  });

  test("unknown and doubled members", () => {
    expect(() => readMembers([column("INTEGER")], { C: 1, other: 2 }, "", STRICT)).toThrow("no such field: other");
    expect(readMembers([column("INTEGER")], { C: 1, other: 2 }, "", { ignoreUnknown: true })).toEqual([1n]);
    expect(() => readMembers([column("INTEGER")], { C: 1, c: 2 }, "", STRICT)).toThrow("Duplicate field");
  });
});
