import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { RuleKeywords } from "./bigquery-table.ts";
import { quotedText, type QuotedText } from "./quoted-text.ts";
import { payloadFields, payloadSchema, type ReadingField } from "./schema.ts";

/** What the reader of plain readings must know of a field. */
export interface PlainField {
  readonly name: QuotedText;
  readonly kind: "integer" | "number" | "choice" | "text";
  readonly minimum: number;
  readonly maximum: number;
  readonly choices: readonly QuotedText[];
  /** All rules of the schema, for a text that was not seen before. */
  readonly check: (value: unknown) => boolean;
}

/** The rules that the reader applies by itself; any other would be passed over, and so is refused when it is written. */
const NUMBER_KEYWORDS = new Set(["type", "description", "minimum", "maximum"]);

/** The fields of the schema, in its order. */
export const plainFields: readonly PlainField[] = payloadFields.map(([name, schema]) => plainField(name, schema));

/** One bit for each field, by its place in {@link plainFields}. */
export const REQUIRED_BITS = bitsOf(payloadSchema.required);
export const ALL_BITS = bitsOf(payloadFields.map(([name]) => name));

/** The place of a field in {@link plainFields}. */
export function placeOf(name: ReadingField): number {
  return payloadFields.findIndex(([other]) => other === name);
}

function plainField(name: ReadingField, schema: TSchema): PlainField {
  const rule: RuleKeywords = schema;
  const kind = kindOf(rule);
  const validator = Compile(schema);
  const unknown = Object.keys(schema).find((keyword) => !keyword.startsWith("~") && !NUMBER_KEYWORDS.has(keyword));
  if ((kind === "integer" || kind === "number") && unknown !== undefined)
    throw new TypeError(`plain-fields.ts does not know the rule ${unknown} of ${name}`);
  return {
    name: quoted(name),
    kind,
    // The ends keep infinity out, which is what a number too large for a double reads as.
    minimum: rule.minimum ?? -Number.MAX_VALUE,
    maximum: rule.maximum ?? Number.MAX_VALUE,
    choices: (rule.enum ?? []).map(quoted),
    check: (value) => validator.Check(value),
  };
}

function kindOf({ type, enum: choices }: RuleKeywords): PlainField["kind"] {
  if (choices !== undefined) return "choice";
  if (type === "integer" || type === "number") return type;
  if (type === "string") return "text";
  throw new TypeError(`plain-fields.ts does not know the type ${String(type)}`);
}

function quoted(text: string): QuotedText {
  const found = quotedText(text);
  if (found === undefined) throw new TypeError(`a name of the schema needs an escape: ${JSON.stringify(text)}`);
  return found;
}

function bitsOf(names: readonly ReadingField[]): number {
  return names.reduce((bits, name) => bits | (1 << placeOf(name)), 0);
}
