import { isUtf8 } from "node:buffer";
import type protobuf from "protobufjs";

/** What a protobuf field's value is once it is read, before it becomes a column's value. */
export type Raw = bigint | number | boolean | string | Buffer;

/** The kinds of raw values that conversions distinguish. All integers are bigint. */
export type RawKind = "int32" | "int64" | "uint32" | "uint64" | "double" | "bool" | "string" | "bytes" | "enum";

export interface WireReader {
  readonly kind: RawKind;
  /** 0 varint, 1 fixed 64, 2 length-delimited, 5 fixed 32. */
  readonly wireType: number;
  read(reader: protobuf.Reader): Raw;
}

/** A value that cannot be stored. The row is refused with this message; see RowError. */
export class RowValueError extends Error {}

/**
 * Readers by `FieldDescriptorProto.Type`. Groups (10) and messages (11) are not scalar and have none.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export const WIRE_READERS: Readonly<Record<number, WireReader>> = {
  1: { kind: "double", wireType: 1, read: (reader) => reader.double() },
  2: { kind: "double", wireType: 5, read: (reader) => reader.float() },
  3: { kind: "int64", wireType: 0, read: (reader) => BigInt.asIntN(64, readVarint(reader)) },
  4: { kind: "uint64", wireType: 0, read: readVarint },
  5: { kind: "int32", wireType: 0, read: (reader) => BigInt(reader.int32()) },
  6: { kind: "uint64", wireType: 1, read: readFixed64 },
  7: { kind: "uint32", wireType: 5, read: (reader) => BigInt(reader.fixed32()) },
  8: { kind: "bool", wireType: 0, read: (reader) => reader.bool() },
  9: { kind: "string", wireType: 2, read: readString },
  12: { kind: "bytes", wireType: 2, read: (reader) => Buffer.from(reader.bytes()) },
  13: { kind: "uint32", wireType: 0, read: (reader) => BigInt(reader.uint32()) },
  14: { kind: "enum", wireType: 0, read: (reader) => reader.int32() },
  15: { kind: "int32", wireType: 5, read: (reader) => BigInt(reader.sfixed32()) },
  16: { kind: "int64", wireType: 1, read: (reader) => BigInt.asIntN(64, readFixed64(reader)) },
  17: { kind: "int32", wireType: 0, read: (reader) => BigInt(reader.sint32()) },
  18: { kind: "int64", wireType: 0, read: (reader) => zigzag(readVarint(reader)) },
};

/** An unsigned 64-bit varint. Up to 49 bits, which is nearly always, it is put together as a plain number. */
function readVarint(reader: protobuf.Reader): bigint {
  const { buf, len } = reader;
  let scale = 1;
  let low = 0;
  for (let i = 0; i < 7; i++) {
    if (reader.pos >= len) throw new RangeError("truncated varint");
    const byte = buf[reader.pos++] as number;
    low += (byte & 127) * scale;
    if (byte < 128) return BigInt(low);
    scale *= 128;
  }
  return readHighBits(reader, BigInt(low));
}

function readHighBits(reader: protobuf.Reader, low: bigint): bigint {
  let value = low;
  for (let shift = 49n; shift <= 63n; shift += 7n) {
    if (reader.pos >= reader.len) throw new RangeError("truncated varint");
    const byte = reader.buf[reader.pos++] as number;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw new RangeError("varint longer than 10 bytes");
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

function readFixed64(reader: protobuf.Reader): bigint {
  const low = reader.fixed32();
  const high = reader.fixed32();
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Decoding replaces bad bytes by U+FFFD; only a text with one is looked at again. */
function readString(reader: protobuf.Reader): string {
  const start = reader.pos;
  const text = reader.string();
  if (text.includes("\ufffd")) {
    reader.pos = start;
    if (!isUtf8(reader.bytes())) throw new RowValueError("the text is not valid UTF-8");
  }
  return text;
}
