import {
  type DuckDBValue,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
} from "@duckdb/node-api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vectorType } from "../../engine/duck-type.ts";
import type { Field, FieldType } from "../../schema/field.ts";
import { readValue } from "../json-value.ts";
import { encodeRows, rowEncoder } from "../result-row.ts";
import { respell } from "../timestamp-format.ts";
import { COLUMNS, arbitraryRow, sent } from "./arbitrary-row.ts";

/** The encoded `v` of one value. */
function cell(field: Field, value: DuckDBValue): unknown {
  const chunk = DuckDBDataChunk.create([vectorType(field)], 1);
  chunk.setColumnValues(0, [value]);
  const [row] = encodeRows(chunk, rowEncoder([field]), 0, 1);
  return (JSON.parse(row!) as { f: [{ v: unknown }] }).f[0].v;
}
const column = (type: FieldType, mode: Field["mode"] = "NULLABLE", fields?: Field[]): Field => ({
  ...{ name: "c", type, mode },
  ...(fields ? { fields } : {}),
});

describe("spellings", () => {
  test.each<[FieldType, DuckDBValue, string | null]>([
    ["INTEGER", -(2n ** 63n), "-9223372036854775808"],
    ["FLOAT", 1, "1.0"],
    ["FLOAT", -0, "-0.0"],
    ["FLOAT", 1e21, "1.0E21"],
    ["FLOAT", 1.5e-7, "1.5E-7"],
    ["FLOAT", NaN, "NaN"],
    ["FLOAT", -Infinity, "-Infinity"],
    ["NUMERIC", new DuckDBDecimalValue(-1_500_000_000n, 38, 9), "-1.5"],
    ["NUMERIC", new DuckDBDecimalValue(10_000_000_000n, 38, 9), "10"],
    ["BOOLEAN", true, "true"],
    ["STRING", 'quo"te\n\u0000é🙂', 'quo"te\n\u0000é🙂'],
    ["TIMESTAMP", new DuckDBTimestampTZValue(1_767_225_600_123_456n), "1767225600123456"],
    ["DATETIME", new DuckDBTimestampValue(1_767_225_600_000_000n), "2026-01-01T00:00:00"],
    ["DATETIME", new DuckDBTimestampValue(-1n), "1969-12-31T23:59:59.999999"],
    ["DATE", new DuckDBDateValue(-719_162), "0001-01-01"],
    ["TIME", new DuckDBTimeValue(1n), "00:00:00.000001"],
    ["TIME", new DuckDBTimeValue(86_399_000_000n), "23:59:59"],
    ["JSON", '{"a":1}', '{"a":1}'],
    ["STRING", null, null],
  ])("%s", (type, value, text) => expect(cell(column(type), value)).toEqual(text));

  test("arrays and structs", () => {
    expect(cell(column("INTEGER", "REPEATED"), new DuckDBListValue([1n, 2n]))).toEqual([{ v: "1" }, { v: "2" }]);
    expect(cell(column("INTEGER", "REPEATED"), null)).toEqual([]);
    const record = column("RECORD", "NULLABLE", [column("INTEGER")]);
    expect(cell(record, new DuckDBStructValue({ c: 5n }))).toEqual({ f: [{ v: "5" }] });
    expect(cell(record, null)).toBeNull();
  });

  test("what BigQuery cannot answer is an error", () => {
    expect(() => cell(column("INTEGER", "REPEATED"), new DuckDBListValue([null]))).toThrow(
      "Array cannot have a null element",
    );
    expect(() => cell(column("TIMESTAMP"), DuckDBTimestampTZValue.PosInf)).toThrow("out of range");
    expect(() => cell(column("TIMESTAMP"), new DuckDBTimestampTZValue(253_402_300_800_000_000n))).toThrow(
      "out of range",
    );
    expect(() => cell(column("DATE"), new DuckDBDateValue(2_932_897))).toThrow("out of range");
  });
});

test("random rows: what insertAll reads is what a result spells", () => {
  const fields = COLUMNS.slice(1) as Field[];
  const encoder = rowEncoder(fields);
  fc.assert(
    fc.property(fc.array(arbitraryRow, { minLength: 1, maxLength: 5 }), (rows) => {
      const chunk = DuckDBDataChunk.create(fields.map(vectorType), rows.length);
      fields.forEach((field, i) => {
        chunk.setColumnValues(
          i,
          rows.map((row) => readValue(field, sent(row)[field.name], field.name, { ignoreUnknown: false })),
        );
      });
      // A vector keeps what was set in it; a new wrapper reads what DuckDB has.
      const written = new DuckDBDataChunk(chunk.chunk);
      const encoded = respell(encodeRows(written, encoder, 0, rows.length), fields, "ISO8601_STRING");
      const decoded = encoded.map((row) => decodeRecord(JSON.parse(row) as Encoded, fields));
      expect(decoded).toEqual(rows);
    }),
    { numRuns: 60 },
  );
});

interface Encoded {
  f: { v: unknown }[];
}

function decodeRecord(record: Encoded, fields: readonly Field[]): object {
  return Object.fromEntries(fields.map((field, i) => [field.name, decode(field, record.f[i]!.v)]));
}

function decode(field: Field, value: unknown): unknown {
  if (field.mode === "REPEATED") {
    return (value as { v: unknown }[]).map(({ v }) => decode({ ...field, mode: "NULLABLE" }, v));
  }
  if (value === null) return null;
  if (field.type === "RECORD") return decodeRecord(value as Encoded, field.fields ?? []);
  if (field.type === "FLOAT") return Number(value);
  return field.type === "BOOLEAN" ? value === "true" : value;
}
