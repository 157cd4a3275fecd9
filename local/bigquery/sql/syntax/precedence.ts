import { isObject, type Json, kindOf, unsupported } from "./node.ts";

/**
 * How tightly an operator binds, tightest first.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#operator_precedence
 */
const LEVELS: readonly (readonly string[])[] = [
  ["neg", "bitwise_not"],
  ["mul", "div", "concat"],
  ["add", "sub"],
  ["bitwise_left_shift", "bitwise_right_shift"],
  ["bitwise_and"],
  ["bitwise_xor"],
  ["bitwise_or"],
  [
    "eq",
    "neq",
    "lt",
    "lte",
    "gt",
    "gte",
    "like",
    "between",
    "in",
    "is_null",
    "is_true",
    "is_false",
    "null_safe_eq",
    "null_safe_neq",
  ],
  ["not"],
  ["and"],
  ["or"],
];
const PREFIXES = new Set(["not", "neg", "bitwise_not"]);
/** The parser makes a balanced tree of a long chain of these; with NULL too they mean the same however they are grouped. */
const ASSOCIATIVE = new Set(["and", "or"]);
const COMPARISON = LEVELS.findIndex((level) => level.includes("eq"));

/**
 * Refuses a tree that no bracketing-free reading by BigQuery's precedence yields.
 *
 * The parser binds `||` looser than `+` and lets comparisons chain. A tree whose operands all bind tighter than their
 * operator (on the left: at least as tight) is the only one that its text can mean.
 */
export function checkOperands(node: Json, kind: string): void {
  const level = levelOf(kind);
  if (level < 0 || !isObject(node)) return;
  const content = node[kind];
  if (!isObject(content)) return;
  const negatedLike = kind === "not" ? COMPARISON : -1;
  for (const [key, strict] of [
    ["left", level === COMPARISON],
    ["this", level === COMPARISON || negatedLike >= 0],
    ["right", true],
    ["low", true],
    ["high", true],
  ] as const) {
    const operand = content[key];
    if (isObject(operand) && isLoose(kindOf(operand), level, strict, kind)) {
      throw unsupported("operator sequence without parentheses", `${kind} of ${kindOf(operand)}`);
    }
  }
}

function isLoose(operand: string, level: number, strict: boolean, kind: string): boolean {
  const inner = levelOf(operand);
  if (kind === operand && (PREFIXES.has(kind) || ASSOCIATIVE.has(kind))) return false;
  return strict && !PREFIXES.has(kind) ? inner >= level : inner > level;
}

function levelOf(kind: string): number {
  return LEVELS.findIndex((level) => level.includes(kind));
}
