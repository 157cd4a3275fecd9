import protobuf from "protobufjs";
import { descriptorType } from "../protocol.ts";

/** One field of a test's message: protobuf type by name, and the rest of its `FieldDescriptorProto`. */
export interface TestField {
  readonly name: string;
  readonly type: keyof typeof TYPE_NUMBERS;
  readonly number?: number;
  readonly label?: "optional" | "required" | "repeated";
  readonly typeName?: string;
}

const TYPE_NUMBERS = {
  double: 1, float: 2, int64: 3, uint64: 4, int32: 5, fixed64: 6, fixed32: 7, bool: 8, string: 9,
  message: 11, bytes: 12, uint32: 13, enum: 14, sfixed32: 15, sfixed64: 16, sint32: 17, sint64: 18,
} as const; // prettier-ignore
const LABELS = { optional: 1, required: 2, repeated: 3 } as const;

interface Nested {
  readonly nestedType?: readonly object[];
  readonly enumType?: readonly object[];
}

/** A `DescriptorProto` as plain data. */
export function descriptorData(name: string, fields: readonly TestField[], nested: Nested = {}): object {
  const field = fields.map((each, i) => ({
    name: each.name,
    number: each.number ?? i + 1,
    type: TYPE_NUMBERS[each.type],
    label: LABELS[each.label ?? "optional"],
    ...(each.typeName === undefined ? {} : { typeName: each.typeName }),
  }));
  return { name, field, ...nested };
}

/** The bytes that a client sends as its writer schema. */
export function descriptorBytes(fields: readonly TestField[], nested: Nested = {}): Uint8Array {
  return descriptorType.encode(descriptorType.fromObject(descriptorData("root", fields, nested))).finish();
}

/** Encodes a row by writing each field with protobufjs's own writer, as another implementation would. */
export function encodeRow(fields: readonly TestField[], row: Readonly<Record<string, unknown>>): Uint8Array {
  const type = new protobuf.Type("root");
  fields.forEach((each, i) => {
    if (each.type === "message" || each.type === "enum") return;
    type.add(new protobuf.Field(each.name, each.number ?? i + 1, each.type, each.label ?? "optional"));
  });
  return type.encode(type.fromObject(row)).finish();
}
