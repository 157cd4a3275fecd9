import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { RuleKeywords } from "./bigquery-table.ts";
import { rejection, type Rejection } from "./reasons.ts";
import { optionalFields, payloadFields, SCHEMA_VERSION, type ReadingField } from "./schema.ts";

interface FieldRule {
  readonly name: ReadingField;
  readonly optional: boolean;
  readonly keywords: RuleKeywords;
  readonly check: (value: unknown) => boolean;
}

const rules: readonly FieldRule[] = payloadFields.map(([name, schema]) => fieldRule(name, schema));

/** The first fault of an object that did not pass the compiled check: version, then missing, then type, then value. */
export function explainFields(payload: object): Rejection | undefined {
  return explain(payload as Readonly<Record<string, unknown>>);
}

function explain(payload: Readonly<Record<string, unknown>>): Rejection | undefined {
  if (Number.isInteger(payload["v"]) && payload["v"] !== SCHEMA_VERSION)
    return rejection("unsupported_version", `v is ${shown(payload["v"])}, only ${SCHEMA_VERSION} is known`);
  return firstFault(missing, payload) ?? firstFault(wrongType, payload) ?? firstFault(badValue, payload);
}

type FaultOf = (rule: FieldRule, value: unknown) => Rejection | undefined;

function firstFault(faultOf: FaultOf, payload: Readonly<Record<string, unknown>>): Rejection | undefined {
  for (const rule of rules) {
    const value = Object.hasOwn(payload, rule.name) ? payload[rule.name] : undefined;
    const fault = value === undefined && rule.optional ? undefined : faultOf(rule, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function missing({ name }: FieldRule, value: unknown): Rejection | undefined {
  return value === undefined ? rejection("missing_field", `${name} is missing`) : undefined;
}

function wrongType({ name, keywords }: FieldRule, value: unknown): Rejection | undefined {
  const expected = keywords.type ?? "string";
  const fits = expected === "integer" ? isIntegerLike(value) : typeof value === expected;
  return fits ? undefined : rejection("wrong_type", `${name} must be of type ${expected}, is ${shown(value)}`);
}

/** A number too large for a double reads as Infinity: its type is right, its value is not. */
function isIntegerLike(value: unknown): boolean {
  return Number.isInteger(value) || value === Infinity || value === -Infinity;
}

function badValue({ name, keywords, check }: FieldRule, value: unknown): Rejection | undefined {
  return check(value) ? undefined : rejection("bad_value", `${name} must be ${ruleText(keywords)}, is ${shown(value)}`);
}

function fieldRule(name: ReadingField, schema: TSchema): FieldRule {
  const validator = Compile(schema);
  return {
    name,
    optional: optionalFields.includes(name),
    keywords: schema,
    check: (value) => validator.Check(value),
  };
}

/** What is allowed, in words; for details and for the documentation. */
export function ruleText(rule: RuleKeywords): string {
  if (rule.enum !== undefined) return `one of ${rule.enum.join(", ")}`;
  if (rule.pattern !== undefined) return `a match of ${rule.pattern}`;
  if (rule.maxLength !== undefined) return `${rule.minLength ?? 0} to ${rule.maxLength} characters`;
  if (rule.minimum !== undefined && rule.minimum === rule.maximum) return String(rule.minimum);
  if (rule.minimum !== undefined) return `from ${rule.minimum} to ${rule.maximum ?? Infinity}`;
  return rule.type === "integer" ? "a whole number" : "allowed";
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  return JSON.stringify(value).slice(0, 80);
}
