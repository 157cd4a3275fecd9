import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
} from "@duckdb/node-api";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import type { Field, FieldMode, FieldType } from "../../schema/field.ts";
import { DescriptorError, parseDescriptor } from "../descriptor.ts";
import { ExtraFieldsError, RowDecoder } from "../row-decoder.ts";
import { descriptorBytes, descriptorData, encodeRow, type TestField } from "./proto.ts";

const column = (name: string, type: FieldType, mode: FieldMode = "NULLABLE", fields?: readonly Field[]): Field => ({
  name,
  type,
  mode,
  ...(fields ? { fields } : {}),
});

/** Decodes one value written as `proto` into a column of `type`. */
function decodeOne(proto: TestField["type"], value: unknown, type: FieldType): unknown {
  const fields: TestField[] = [{ name: "x", type: proto }];
  const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields)), [column("x", type)]);
  return decoder.decode(protobuf.Reader.create(encodeRow(fields, { x: value })))[0];
}

function rowError(proto: TestField["type"], value: unknown, type: FieldType): string {
  const fields: TestField[] = [{ name: "x", type: proto }];
  const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields)), [column("x", type)]);
  const decoded = decoder.decodeRows([encodeRow(fields, { x: value })], 0);
  return decoded.kind === "rowErrors" ? (decoded.errors[0]?.message ?? "") : "stored";
}

const DAY_MICROS = 86_400_000_000n;

describe("conversions of the documentation's table", () => {
  it.each<[TestField["type"], unknown, FieldType, unknown]>([
    ["string", "é\u0000😀", "STRING", "é\u0000😀"],
    ["bytes", Buffer.from([0, 255]), "BYTES", new DuckDBBlobValue(Buffer.from([0, 255]))],
    ["string", "ab", "BYTES", new DuckDBBlobValue(Buffer.from("ab"))],
    ["int64", "-9223372036854775808", "INTEGER", -(2n ** 63n)],
    ["int64", "9223372036854775807", "INTEGER", 2n ** 63n - 1n],
    ["int64", "562949953421312", "INTEGER", 2n ** 49n],
    ["int32", -1, "INTEGER", -1n],
    ["uint32", 4294967295, "INTEGER", 4294967295n],
    ["sint64", "-3", "INTEGER", -3n],
    ["sfixed64", "-4", "INTEGER", -4n],
    ["double", Infinity, "FLOAT", Infinity],
    ["float", 1.5, "FLOAT", 1.5],
    ["bool", true, "BOOLEAN", true],
    ["int64", 0, "BOOLEAN", false],
    ["int32", 7, "BOOLEAN", true],
    ["int64", "1780000000123456", "TIMESTAMP", new DuckDBTimestampTZValue(1_780_000_000_123_456n)],
    ["int32", -1, "DATE", new DuckDBDateValue(-1)],
    ["string", "2026-11-22", "DATE", new DuckDBDateValue(20_779)],
    ["string", "2026-11-22T01:02:03.5", "DATETIME", new DuckDBTimestampValue(20_779n * DAY_MICROS + 3_723_500_000n)],
    ["int64", String((2026n << 46n) | (11n << 42n) | (22n << 37n) | (1n << 32n) | (2n << 26n) | (3n << 20n) | 4n), "DATETIME",
      new DuckDBTimestampValue(20_779n * DAY_MICROS + 3_723_000_004n)],
    ["string", "23:59:59.999999", "TIME", new DuckDBTimeValue(DAY_MICROS - 1n)],
    ["int64", String((1n << 32n) | (2n << 26n) | (3n << 20n) | 4n), "TIME", new DuckDBTimeValue(3_723_000_004n)],
    ["string", "-1.000000001", "NUMERIC", new DuckDBDecimalValue(-1_000_000_001n, 38, 9)],
    ["int32", 3, "NUMERIC", new DuckDBDecimalValue(3_000_000_000n, 38, 9)],
    ["double", 0.5, "NUMERIC", new DuckDBDecimalValue(500_000_000n, 38, 9)],
    ["bytes", Buffer.from([0xff]), "NUMERIC", new DuckDBDecimalValue(-1n, 38, 9)],
    ["string", '{"a":1}', "JSON", '{"a":1}'],
  ])("%s %o into %s", (proto, value, type, expected) => {
    expect(decodeOne(proto, value, type)).toEqual(expected);
  }); // prettier-ignore

  it.each<[TestField["type"], unknown, FieldType, string]>([
    ["int64", "-62135596800000001", "TIMESTAMP", "out of range"],
    ["int64", "253402300800000000", "TIMESTAMP", "out of range"],
    ["int32", -719163, "DATE", "out of range"],
    ["int32", 2932897, "DATE", "out of range"],
    ["string", "2026-02-30", "DATE", "not valid"],
    ["string", "24:00:00", "TIME", "not valid"],
    ["string", "1e29", "NUMERIC", "out of range"],
    ["string", "0.0000000001", "NUMERIC", "not valid"],
    ["double", NaN, "NUMERIC", "not valid"],
    ["string", "{a:1}", "JSON", "not valid JSON"],
  ])("refuses the row for %s %o into %s", (proto, value, type, message) => {
    expect(rowError(proto, value, type)).toContain(message);
  });

  it.each<[TestField["type"], FieldType]>([
    ["string", "INTEGER"],
    ["string", "TIMESTAMP"],
    ["uint64", "INTEGER"],
    ["double", "STRING"],
    ["bool", "INTEGER"],
    ["int64", "STRING"],
    ["int64", "FLOAT"],
  ])("refuses the descriptor for %s into %s", (proto, type) => {
    expect(() => decodeOne(proto, undefined, type)).toThrow(/mismatched with BigQuery field at root\.x/);
  });

  it("reads every 64-bit integer in every encoding", () => {
    const encodings = ["int64", "sint64", "sfixed64"] as const;
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.constantFrom(...encodings),
        (value, proto) => {
          expect(decodeOne(proto, value.toString(), "INTEGER")).toBe(value);
        },
      ),
    );
  });
});

describe("a descriptor against a table", () => {
  const table = [column("id", "INTEGER", "REQUIRED"), column("Note", "STRING"), column("tags", "STRING", "REPEATED")];
  const decoderFor = (fields: readonly TestField[]): RowDecoder =>
    new RowDecoder(parseDescriptor(descriptorBytes(fields)), table);

  it("matches columns without regard to case or order, and leaves missing ones NULL or empty", () => {
    const fields: TestField[] = [{ name: "ID", type: "int64", number: 9 }];
    const values = decoderFor(fields).decode(protobuf.Reader.create(encodeRow(fields, { ID: 7 })));
    expect(values).toEqual([7n, null, new DuckDBListValue([])]);
  });

  it("refuses fields that the table does not have", () => {
    const fields: TestField[] = [
      { name: "id", type: "int64" },
      { name: "extra", type: "string" },
    ];
    expect(() => decoderFor(fields)).toThrow(ExtraFieldsError);
  });

  it("refuses a descriptor without a REQUIRED column", () => {
    expect(() => decoderFor([{ name: "note", type: "string" }])).toThrow(/required field root\.id is missing/);
  });

  it("refuses a repeated field for a column that is not", () => {
    expect(() => decoderFor([{ name: "id", type: "int64", label: "repeated" }])).toThrow(DescriptorError);
  });

  it("names the rows that lack a REQUIRED value, and none other", () => {
    const fields: TestField[] = [{ name: "id", type: "int64" }];
    const decoded = decoderFor(fields).decodeRows(
      [encodeRow(fields, { id: 1 }), encodeRow(fields, {}), new Uint8Array([255])],
      0,
    );
    expect(decoded).toMatchObject({ kind: "rowErrors", errors: [{ index: 1 }, { index: 2 }] });
  });

  it.each([
    ["a text", Buffer.from("not protobuf")],
    ["a cut-off varint", Uint8Array.of(8, 255)],
    ["a length beyond the end", Uint8Array.of(18, 200)],
    ["an unknown wire type", Uint8Array.of(23)],
    ["a varint of eleven bytes", Uint8Array.of(8, ...new Array<number>(11).fill(255))],
  ])("says of %s only that it is no such message", (_what, row) => {
    const decoded = decoderFor([{ name: "id", type: "int64" }]).decodeRows([row], 0);
    expect(decoded).toEqual({
      kind: "rowErrors",
      errors: [{ index: 0, message: "the row is not a message of the writer schema's type" }],
    });
  });

  it("refuses bytes that are not UTF-8", () => {
    const decoder = decoderFor([
      { name: "id", type: "int64" },
      { name: "note", type: "string" },
    ]);
    const row = new Uint8Array([0x08, 1, 0x12, 2, 0xc3, 0x28]);
    expect(decoder.decodeRows([row], 0)).toMatchObject({
      kind: "rowErrors",
      errors: [{ index: 0, message: "root.Note: the text is not valid UTF-8" }],
    });
    const replacement = Buffer.concat([Buffer.from([0x08, 1, 0x12, 3]), Buffer.from("\ufffd")]);
    expect(decoder.decode(protobuf.Reader.create(replacement))[1]).toBe("\ufffd");
  });

  it("reads repeated numbers packed, unpacked and mixed", () => {
    const fields: TestField[] = [{ name: "n", type: "int64", label: "repeated" }];
    const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields)), [column("n", "INTEGER", "REPEATED")]);
    const row = new Uint8Array([0x08, 1, 0x0a, 2, 2, 3, 0x08, 4]);
    expect(decoder.decode(protobuf.Reader.create(row))).toEqual([new DuckDBListValue([1n, 2n, 3n, 4n])]);
  });

  it("skips unknown field numbers, and the last of two values wins", () => {
    const fields: TestField[] = [{ name: "id", type: "int64" }];
    expect(decoderFor(fields).decode(protobuf.Reader.create(new Uint8Array([0x08, 1, 0x78, 5, 0x08, 2])))[0]).toBe(2n);
  });
});

describe("nested messages", () => {
  const nested = {
    nestedType: [
      descriptorData("Place", [
        { name: "room", type: "string" },
        { name: "floor", type: "int64" },
      ]),
    ],
  };
  const place: TestField = { name: "place", type: "message", typeName: ".root.Place" };
  const inner = new Uint8Array([0x0a, 1, 0x61, 0x10, 2]);
  const row = new Uint8Array([0x0a, inner.length, ...inner]);

  it("become a RECORD", () => {
    const fields = [
      column("place", "RECORD", "NULLABLE", [
        column("floor", "INTEGER"),
        column("room", "STRING"),
        column("wing", "STRING"),
      ]),
    ];
    const decoder = new RowDecoder(parseDescriptor(descriptorBytes([place], nested)), fields);
    expect(decoder.decode(protobuf.Reader.create(row))).toEqual([
      new DuckDBStructValue({ floor: 2n, room: "a", wing: null }),
    ]);
    expect(decoder.decode(protobuf.Reader.create(new Uint8Array()))).toEqual([null]);
  });

  it("are resolved by the end of their name, and refused where that is not in the descriptor", () => {
    const unqualified = parseDescriptor(descriptorBytes([{ ...place, typeName: "some.package.Place" }], nested));
    expect(unqualified[0]?.message).toHaveLength(2);
    expect(() => parseDescriptor(descriptorBytes([{ ...place, typeName: ".root.Other" }], nested))).toThrow(
      /not in the proto descriptor/,
    );
  });

  it("unwrap protobuf's wrappers, an empty one being its zero", () => {
    const wrapper = { nestedType: [descriptorData("Int64Value", [{ name: "value", type: "int64" }])] };
    const fields: TestField[] = [{ name: "x", type: "message", typeName: ".google.protobuf.Int64Value" }];
    const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields, wrapper)), [column("x", "INTEGER")]);
    expect(decoder.decode(protobuf.Reader.create(new Uint8Array([0x0a, 2, 0x08, 5])))).toEqual([5n]);
    expect(decoder.decode(protobuf.Reader.create(new Uint8Array([0x0a, 0])))).toEqual([0n]);
    expect(decoder.decode(protobuf.Reader.create(new Uint8Array()))).toEqual([null]);
  });

  it("read google.protobuf.Timestamp", () => {
    const type = {
      nestedType: [
        descriptorData("Timestamp", [
          { name: "seconds", type: "int64" },
          { name: "nanos", type: "int32" },
        ]),
      ],
    };
    const fields: TestField[] = [{ name: "x", type: "message", typeName: "Timestamp" }];
    const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields, type)), [column("x", "TIMESTAMP")]);
    const value = new Uint8Array([0x0a, 5, 0x08, 1, 0x10, 0xd0, 0x0f]);
    expect(decoder.decode(protobuf.Reader.create(value))).toEqual([new DuckDBTimestampTZValue(1_000_002n)]);
  });

  it("read enums by name into a STRING", () => {
    const type = {
      enumType: [
        {
          name: "Color",
          value: [
            { name: "RED", number: 0 },
            { name: "BLUE", number: 3 },
          ],
        },
      ],
    };
    const fields: TestField[] = [{ name: "x", type: "enum", typeName: "Color" }];
    const decoder = new RowDecoder(parseDescriptor(descriptorBytes(fields, type)), [column("x", "STRING")]);
    expect(decoder.decode(protobuf.Reader.create(new Uint8Array([0x08, 3])))).toEqual(["BLUE"]);
  });
});
