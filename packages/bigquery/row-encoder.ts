import type { BigQueryColumn } from "#events";

/**
 * A column's value: text for STRING and JSON, a whole number for INTEGER, any number for FLOAT, milliseconds since the
 * epoch for TIMESTAMP. `undefined` is NULL.
 */
export type ColumnValue = string | number | undefined;

/** Rows are views into blocks of this size, so that a row costs no allocation of its own. */
const BLOCK_BYTES = 128 * 1024;
/** Tag (at most 2 bytes) and number (at most 10), or tag and length of a text. */
const MAX_FIXED_BYTES = 12;
const MAX_BYTES_PER_UTF16 = 3;

type Kind = "text" | "integer" | "float" | "timestamp";
const KINDS: Readonly<Record<BigQueryColumn["type"], Kind>> = {
  STRING: "text",
  JSON: "text",
  INTEGER: "integer",
  FLOAT: "float",
  TIMESTAMP: "timestamp",
};

/** https://protobuf.dev/programming-guides/encoding/#structure */
const WIRE_TYPES: Readonly<Record<Kind, number>> = { text: 2, integer: 0, float: 1, timestamp: 0 };

interface Field {
  readonly kind: Kind;
  /** Already encoded: the tag's bytes, one or two. */
  readonly tag: number;
  readonly tag2: number | undefined;
}

/**
 * Encodes rows as the proto2 message of {@link rowDescriptor}, made from the columns once and used for every row.
 *
 * Written by hand because this is the hottest line of the writer: four times as fast as the client library's JSONWriter.
 * A property test compares it with protobufjs.
 */
export class RowEncoder {
  readonly #fields: readonly Field[];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #at = 0;

  constructor(columns: readonly Pick<BigQueryColumn, "type">[]) {
    this.#fields = columns.map(({ type }, index) => {
      const kind = KINDS[type];
      const tag = ((index + 1) << 3) | WIRE_TYPES[kind];
      return tag < 0x80 ? { kind, tag, tag2: undefined } : { kind, tag: (tag & 0x7f) | 0x80, tag2: tag >>> 7 };
    });
  }

  /** Encodes one row, a value per column in their order. The bytes stay as they are for as long as they are held. */
  encode(values: readonly ColumnValue[]): Uint8Array {
    this.#reserve(values);
    const start = this.#at;
    const fields = this.#fields;
    for (let index = 0; index < fields.length; index += 1) {
      const value = values[index];
      const field = fields[index];
      if (value === undefined || field === undefined) continue;
      this.#block[this.#at++] = field.tag;
      if (field.tag2 !== undefined) this.#block[this.#at++] = field.tag2;
      if (typeof value === "string") this.#text(value);
      else if (field.kind === "float") this.#at = this.#block.writeDoubleLE(value, this.#at);
      else this.#integer(field.kind === "timestamp" ? value * 1000 : value);
    }
    return this.#block.subarray(start, this.#at);
  }

  #reserve(values: readonly ColumnValue[]): void {
    let bytes = MAX_FIXED_BYTES * this.#fields.length;
    for (const value of values) if (typeof value === "string") bytes += value.length * MAX_BYTES_PER_UTF16;
    if (this.#at + bytes <= this.#block.length) return;
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.#at = 0;
  }

  /** Most texts are short ASCII: for them a loop beats the call into the runtime. */
  #text(value: string): void {
    const block = this.#block;
    const length = value.length;
    const start = this.#at;
    if (length < 64) {
      let at = start + 1;
      let index = 0;
      for (; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        block[at++] = code;
      }
      if (index === length) {
        block[start] = length;
        this.#at = at;
        return;
      }
    }
    this.#varint(Buffer.byteLength(value));
    this.#at += block.write(value, this.#at);
  }

  #integer(value: number): void {
    if (value >= 0) this.#varint(value);
    else this.#negative(BigInt.asUintN(64, BigInt(value)));
  }

  /** Numbers from 0 to 2^53 - 1. */
  #varint(value: number): void {
    const block = this.#block;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      block[this.#at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      block[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    block[this.#at++] = rest;
  }

  /** Two's complement in ten bytes, as int64 wants it. */
  #negative(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.#block[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#block[this.#at++] = Number(rest);
  }
}
