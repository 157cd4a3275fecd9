import { COLUMN_NAME_OPTION, descriptorType } from "./protocol.ts";

/** The parts of a `FieldDescriptorProto` that decide how rows are read. */
export interface DescriptorField {
  /** Column that the field is written to: its name, or its `column_name` annotation. */
  readonly column: string;
  readonly number: number;
  /** `FieldDescriptorProto.Type` */
  readonly type: number;
  readonly repeated: boolean;
  readonly required: boolean;
  /** Fields of the message, for a field of a message type. */
  readonly message?: readonly DescriptorField[];
  /** Names by number, for a field of an enum type. */
  readonly enumNames?: ReadonlyMap<number, string>;
}

/** A writer's schema that cannot be used; the append is refused as INVALID_ARGUMENT with this message. */
export class DescriptorError extends Error {}

interface RawField {
  name: string;
  number: number;
  type: number;
  label: number;
  typeName?: string;
  options?: Record<string, unknown>;
}
interface RawEnum {
  name: string;
  value: { name: string; number: number }[];
}
interface RawMessage {
  name: string;
  field: RawField[];
  nestedType: RawMessage[];
  enumType: RawEnum[];
}

const TYPE_GROUP = 10;
const TYPE_MESSAGE = 11;
const TYPE_ENUM = 14;
const LABEL_REQUIRED = 2;
const LABEL_REPEATED = 3;
/** BigQuery's own limit on nested records. */
const MAX_DEPTH = 15;

/**
 * Reads a self-contained `DescriptorProto`: the types of its fields are scalars, or stand inside it.
 * Throws {@link DescriptorError}.
 */
export function parseDescriptor(bytes: Uint8Array): readonly DescriptorField[] {
  const message = decode(bytes);
  const scope = new Map<string, RawMessage | RawEnum>();
  collectTypes(message, message.name, scope);
  return fieldsOf(message, scope, 0);
}

function decode(bytes: Uint8Array): RawMessage {
  try {
    return descriptorType.decode(bytes) as unknown as RawMessage;
  } catch {
    throw new DescriptorError("the proto descriptor is not a DescriptorProto");
  }
}

function collectTypes(message: RawMessage, path: string, scope: Map<string, RawMessage | RawEnum>): void {
  for (const nested of message.nestedType) {
    scope.set(`${path}.${nested.name}`, nested);
    collectTypes(nested, `${path}.${nested.name}`, scope);
  }
  for (const nested of message.enumType) scope.set(`${path}.${nested.name}`, nested);
}

function fieldsOf(message: RawMessage, scope: Map<string, RawMessage | RawEnum>, depth: number): DescriptorField[] {
  if (depth > MAX_DEPTH) throw new DescriptorError(`the proto descriptor nests deeper than ${MAX_DEPTH} messages`);
  return message.field.map((field) => {
    if (field.type === TYPE_GROUP) throw new DescriptorError(`field ${field.name}: groups are not supported`);
    const base = {
      column: columnName(field),
      number: field.number,
      type: field.type,
      repeated: field.label === LABEL_REPEATED,
      required: field.label === LABEL_REQUIRED,
    };
    if (field.type === TYPE_MESSAGE) {
      return { ...base, message: fieldsOf(resolve(field, scope) as RawMessage, scope, depth + 1) };
    }
    if (field.type !== TYPE_ENUM) return base;
    const { value } = resolve(field, scope) as RawEnum;
    return { ...base, enumNames: new Map(value.map((each) => [each.number, each.name])) };
  });
}

function columnName(field: RawField): string {
  const annotated = field.options?.[COLUMN_NAME_OPTION];
  return typeof annotated === "string" && annotated !== "" ? annotated : field.name;
}

/** Finds a type by its whole name or, because clients write names with and without packages, by the end of it. */
function resolve(field: RawField, scope: Map<string, RawMessage | RawEnum>): RawMessage | RawEnum {
  const name = (field.typeName ?? "").replace(/^\./, "");
  const exact = scope.get(name);
  if (exact) return exact;
  const last = name.split(".").at(-1) ?? "";
  const candidates = [...scope].filter(([path]) => path === last || path.endsWith(`.${last}`));
  const [only] = candidates;
  if (only && candidates.length === 1) return only[1];
  throw new DescriptorError(`field ${field.name}: type ${name} is not in the proto descriptor`);
}
