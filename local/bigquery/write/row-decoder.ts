import { DuckDBListValue, DuckDBStructValue, type DuckDBValue } from "@duckdb/node-api";
import protobuf from "protobufjs";
import type { RowBatch } from "../engine/row-batch.ts";
import type { Field } from "../schema/field.ts";
import { conversion, fromProtoTimestamp } from "./column-value.ts";
import { DescriptorError, type DescriptorField } from "./descriptor.ts";
import { type Raw, RowValueError, WIRE_READERS } from "./wire-value.ts";

/** A writer's schema that names columns the table does not have. */
export class ExtraFieldsError extends DescriptorError {}

export interface RowError {
  readonly index: number;
  readonly message: string;
}

export type DecodedRows =
  | { readonly kind: "batch"; readonly batch: RowBatch }
  | { readonly kind: "rowErrors"; readonly errors: readonly RowError[] };

/** How one field of the message is read: `values` is the row under construction, by column. */
interface FieldReader {
  readonly wireType: number;
  /** Reads one value from a packed run; only for repeated numbers. */
  readonly packable: boolean;
  readonly repeated: boolean;
  readonly column: number;
  readonly name: string;
  read(reader: protobuf.Reader): DuckDBValue;
}

/**
 * Decodes rows that were encoded with a writer's descriptor into columns of a table.
 *
 * Made once for a descriptor and a table's fields, used for many appends. A column that the descriptor lacks is NULL; a
 * REQUIRED one must be there. Throws {@link DescriptorError} if the two do not fit.
 */
export class RowDecoder {
  readonly #readers: readonly (FieldReader | undefined)[];
  readonly #fields: readonly Field[];
  readonly #path: string;

  constructor(descriptor: readonly DescriptorField[], fields: readonly Field[], path = "root") {
    this.#fields = fields;
    this.#path = path;
    this.#readers = compile(descriptor, fields, path);
  }

  /** All rows, or the errors of those that cannot be stored (and then none is to be stored). */
  decodeRows(rows: readonly Uint8Array[], bytes: number): DecodedRows {
    const columns: DuckDBValue[][] = this.#fields.map(() => new Array<DuckDBValue>(rows.length));
    const errors: RowError[] = [];
    rows.forEach((row, index) => {
      try {
        const values = this.decode(protobuf.Reader.create(asBuffer(row)));
        for (let column = 0; column < values.length; column++)
          (columns[column] as DuckDBValue[])[index] = values[column] as DuckDBValue;
      } catch (error) {
        errors.push({ index, message: rowMessage(error) });
      }
    });
    if (errors.length > 0) return { kind: "rowErrors", errors };
    return { kind: "batch", batch: { columns, rowCount: rows.length, bytes } };
  }

  /** One message up to the reader's end: a value per field of the table (or record). */
  decode(reader: protobuf.Reader): DuckDBValue[] {
    const values = new Array<DuckDBValue | undefined>(this.#fields.length).fill(undefined);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = this.#readers[tag >>> 3];
      if (field) readField(field, tag & 7, reader, values);
      else reader.skipType(tag & 7);
    }
    this.#complete(values);
    return values as DuckDBValue[];
  }

  #complete(values: (DuckDBValue | undefined)[]): void {
    for (let column = 0; column < values.length; column++) {
      const value = values[column];
      const field = this.#fields[column] as Field;
      if (field.mode === "REPEATED") values[column] = new DuckDBListValue((value ?? []) as DuckDBValue[]);
      else if (value !== undefined) continue;
      else if (field.mode === "REQUIRED")
        throw new RowValueError(`The required field ${this.#path}.${field.name} is missing`);
      else values[column] = null;
    }
  }
}

function compile(descriptor: readonly DescriptorField[], fields: readonly Field[], path: string): FieldReader[] {
  const byName = new Map(fields.map((field, column) => [field.name.toLowerCase(), { field, column }]));
  const extra = descriptor.filter((each) => !byName.has(each.column.toLowerCase())).map((each) => `'${each.column}'`);
  if (extra.length > 0) {
    throw new ExtraFieldsError(`Input schema has more fields than BigQuery schema, extra fields: ${extra.join(",")}`);
  }
  const written = new Set(descriptor.map((each) => each.column.toLowerCase()));
  const missing = fields.find((field) => field.mode === "REQUIRED" && !written.has(field.name.toLowerCase()));
  if (missing)
    throw new DescriptorError(`The required field ${path}.${missing.name} is missing in the proto descriptor`);
  const readers: FieldReader[] = [];
  for (const each of descriptor) {
    const target = byName.get(each.column.toLowerCase());
    if (target) readers[each.number] = fieldReader(each, target.field, target.column, `${path}.${target.field.name}`);
  }
  return readers;
}

function fieldReader(from: DescriptorField, field: Field, column: number, name: string): FieldReader {
  if (from.repeated !== (field.mode === "REPEATED")) {
    throw new DescriptorError(`${name}: the proto field and the BigQuery field are not both repeated`);
  }
  const common = { column, name, repeated: from.repeated };
  if (from.message) return { ...common, wireType: 2, packable: false, read: messageReader(from.message, field, name) };
  const wire = WIRE_READERS[from.type];
  const convert = wire && field.type !== "RECORD" ? scalarConversion(from, field, wire.kind) : undefined;
  if (!wire || !convert) throw mismatch(from, field, name);
  return {
    ...common,
    wireType: wire.wireType,
    packable: wire.wireType !== 2,
    read: (reader) => convert(wire.read(reader)),
  };
}

function scalarConversion(
  from: DescriptorField,
  field: Field,
  kind: Parameters<typeof conversion>[1],
): ((raw: Raw) => DuckDBValue) | undefined {
  if (field.type === "STRING" && from.enumNames) {
    const names = from.enumNames;
    return (raw) => names.get(raw as number) ?? String(raw);
  }
  return field.type === "RECORD" ? undefined : conversion(field.type, kind);
}

/** A nested message is a RECORD, or for a scalar column one of protobuf's wrappers or its Timestamp. */
function messageReader(
  message: readonly DescriptorField[],
  field: Field,
  name: string,
): (reader: protobuf.Reader) => DuckDBValue {
  if (field.type === "RECORD") return recordReader(message, field, name);
  const members = message.map((member) => member.column).join(",");
  if (members === "seconds,nanos" && field.type === "TIMESTAMP") return timestampReader();
  const [value] = message;
  const wire = value && members === "value" ? WIRE_READERS[value.type] : undefined;
  const convert = wire && conversion(field.type, wire.kind);
  if (!value || !wire || !convert) throw mismatch({ type: 11 }, field, name);
  const inner: Field = { name: "value", type: field.type, mode: "NULLABLE" };
  const decoder = new RowDecoder([value], [inner], name);
  const zero = defaultValue(wire.kind);
  return (reader) => decoder.decode(submessage(reader))[0] ?? convert(zero);
}

function recordReader(
  message: readonly DescriptorField[],
  field: Field,
  name: string,
): (reader: protobuf.Reader) => DuckDBValue {
  const members = field.fields ?? [];
  const decoder = new RowDecoder(message, members, name);
  return (reader) => {
    const values = decoder.decode(submessage(reader));
    return new DuckDBStructValue(
      Object.fromEntries(members.map((member, i) => [member.name, values[i] as DuckDBValue])),
    );
  };
}

function timestampReader(): (reader: protobuf.Reader) => DuckDBValue {
  const parts: Field[] = ["seconds", "nanos"].map((name) => ({ name, type: "INTEGER", mode: "NULLABLE" }));
  const numbered = parts.map((part, i) => ({
    column: part.name,
    number: i + 1,
    type: i === 0 ? 3 : 5,
    repeated: false,
    required: false,
  }));
  const decoder = new RowDecoder(numbered, parts);
  return (reader) => {
    const [seconds, nanos] = decoder.decode(submessage(reader)) as (bigint | null)[];
    return fromProtoTimestamp(seconds ?? 0n, Number(nanos ?? 0n));
  };
}

/** protobufjs decodes text natively, and replaces bad bytes as {@link WIRE_READERS} expects, from a Buffer only. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function submessage(reader: protobuf.Reader): protobuf.Reader {
  return protobuf.Reader.create(reader.bytes());
}

function defaultValue(kind: string): Raw {
  if (kind === "string") return "";
  if (kind === "bytes") return Buffer.alloc(0);
  if (kind === "bool") return false;
  return kind === "double" || kind === "enum" ? 0 : 0n;
}

function readField(
  field: FieldReader,
  wireType: number,
  reader: protobuf.Reader,
  values: (DuckDBValue | undefined)[],
): void {
  if (!field.repeated) {
    if (wireType !== field.wireType) throw new RowValueError(`${field.name}: unexpected wire type ${wireType}`);
    values[field.column] = readNamed(field, reader);
    return;
  }
  const list = (values[field.column] as unknown as DuckDBValue[] | undefined) ?? [];
  values[field.column] = list as unknown as DuckDBValue;
  if (wireType === 2 && field.packable) {
    const run = submessage(reader);
    while (run.pos < run.len) list.push(readNamed(field, run));
  } else if (wireType === field.wireType) list.push(readNamed(field, reader));
  else throw new RowValueError(`${field.name}: unexpected wire type ${wireType}`);
}

function readNamed(field: FieldReader, reader: protobuf.Reader): DuckDBValue {
  try {
    return field.read(reader);
  } catch (error) {
    if (!(error instanceof RowValueError)) throw error;
    throw new RowValueError(error.message.startsWith("root.") ? error.message : `${field.name}: ${error.message}`);
  }
}

function mismatch(from: Pick<DescriptorField, "type">, field: Field, name: string): DescriptorError {
  return new DescriptorError(
    `The proto field mismatched with BigQuery field at ${name}, the proto field type ${PROTO_TYPE_NAMES[from.type] ?? from.type}, BigQuery field type ${field.type}`,
  );
}

const PROTO_TYPE_NAMES: Readonly<Record<number, string>> = {
  1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
  11: "message", 12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64",
}; // prettier-ignore

/** What is thrown by reading bytes that are no message; anything else is a defect here. */
function rowMessage(error: unknown): string {
  if (error instanceof RowValueError) return error.message;
  if (error instanceof RangeError || (error instanceof Error && NOT_A_MESSAGE.test(error.message)))
    return "the row is not a message of the writer schema's type";
  throw error;
}

/** How protobufjs says so, beside RangeErrors. */
const NOT_A_MESSAGE = /^invalid (wire type|varint encoding|end group)/;
