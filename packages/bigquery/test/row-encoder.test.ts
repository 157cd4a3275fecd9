import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { RowEncoder, rowDescriptor, type ColumnValue } from "#bigquery";
import { eventColumns, type BigQueryColumn } from "#events";

/** protobufjs' names of the descriptor's types. */
const SCALARS: Readonly<Record<number, string>> = { 1: "double", 3: "int64", 9: "string" };

/** The message that BigQuery is told of, as protobufjs understands it. */
function messageType(columns: readonly BigQueryColumn[]): protobuf.Type {
  const type = new protobuf.Type("Row");
  for (const { name, number, type: kind } of rowDescriptor(columns).field ?? []) {
    const scalar = SCALARS[Number(kind)];
    if (scalar === undefined || !name || !number) throw new Error(`unexpected field ${name ?? "?"}`);
    type.add(new protobuf.Field(name, number, scalar, "optional"));
  }
  return type;
}

const VALUES: Readonly<Record<BigQueryColumn["type"], fc.Arbitrary<ColumnValue>>> = {
  STRING: fc.string({ unit: "binary", maxLength: 200 }),
  JSON: fc.json(),
  INTEGER: fc.maxSafeInteger(),
  FLOAT: fc.double({ noNaN: true }),
  TIMESTAMP: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
};

const row = fc.tuple<ColumnValue[]>(
  ...eventColumns.map(({ type }) => fc.option(VALUES[type], { nil: undefined, freq: 5 })),
);

/** protobufjs writes the same fields in the order of their numbers. */
function expected(type: protobuf.Type, values: readonly ColumnValue[]): Uint8Array {
  const entries = eventColumns.flatMap((column, index): [string, unknown][] => {
    const value = values[index];
    if (value === undefined) return [];
    return [[column.name, column.type === "TIMESTAMP" ? (value as number) * 1000 : value]];
  });
  return type.encode(type.fromObject(Object.fromEntries(entries))).finish();
}

test("rows are byte for byte what protobufjs makes of the same descriptor", () => {
  const type = messageType(eventColumns);
  const encoder = new RowEncoder(eventColumns);
  fc.assert(
    fc.property(row, (values) => {
      expect(Buffer.from(encoder.encode(values)).toString("hex")).toBe(
        Buffer.from(expected(type, values)).toString("hex"),
      );
    }),
    { numRuns: 2000 },
  );
});

test.each<[string, ColumnValue]>([
  ["an empty text", ""],
  ["63 letters, the last of the fast way", "x".repeat(63)],
  ["64 letters", "x".repeat(64)],
  ["127 and 128 bytes, where the length takes a second byte", "ü".repeat(64)],
  ["a text that turns out not to be ASCII at its end", `${"x".repeat(30)}é`],
  ["a text larger than a block", "é".repeat(200_000)],
])("%s", (_name, value) => {
  const columns = eventColumns.filter(({ name }) => name === "location");
  const type = messageType(columns);
  const bytes = new RowEncoder(columns).encode([value]);
  expect(Buffer.from(bytes).equals(type.encode(type.fromObject({ location: value })).finish())).toBe(true);
});

test.each([0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35, Number.MAX_SAFE_INTEGER, -1, Number.MIN_SAFE_INTEGER])(
  "the integer %d",
  (value) => {
    const columns = eventColumns.filter(({ name }) => name === "seq");
    const type = messageType(columns);
    const bytes = new RowEncoder(columns).encode([value]);
    expect(Buffer.from(bytes).toString("hex")).toBe(
      Buffer.from(type.encode(type.fromObject({ seq: value })).finish()).toString("hex"),
    );
  },
);

test("rows stay as they were while thousands more are encoded", () => {
  const encoder = new RowEncoder(eventColumns);
  const values = eventColumns.map(({ type }) => (type === "STRING" || type === "JSON" ? "text" : 7));
  const first = encoder.encode(values);
  const copy = Buffer.from(first);
  for (let count = 0; count < 10_000; count += 1) encoder.encode(values);
  expect(Buffer.from(first).equals(copy)).toBe(true);
});
