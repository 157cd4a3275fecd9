import type { BinaryOp, Expr } from "./ast.ts";
import { readCall, readOver } from "./read-call.ts";
import { isEmpty, isObject, type Json, kindOf, list, readNode, readObject, unsupported } from "./node.ts";
import { checkOperands } from "./precedence.ts";
import { readQuery } from "./read-query.ts";
import type { SlotReader } from "./reader.ts";

const BINARY: Readonly<Record<string, BinaryOp>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  concat: "||",
  bitwise_and: "&",
  bitwise_or: "|",
  bitwise_xor: "^",
  bitwise_left_shift: "<<",
  bitwise_right_shift: ">>",
  eq: "=",
  neq: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  like: "LIKE",
  and: "AND",
  or: "OR",
};

type Reader = (node: Json, slots: SlotReader) => Expr;

const READERS: Readonly<Record<string, Reader>> = {
  column: readColumn,
  dot: readDot,
  paren: (node, slots) => readExpr(one(node, "paren"), slots),
  neg: (node, slots) => ({ kind: "unary", op: "-", arg: readExpr(one(node, "neg"), slots) }),
  bitwise_not: (node, slots) => ({ kind: "unary", op: "~", arg: readExpr(one(node, "bitwise_not"), slots) }),
  not: (node, slots) => ({ kind: "unary", op: "NOT", arg: readExpr(one(node, "not"), slots) }),
  null: () => ({ kind: "null" }),
  boolean: (node) => ({ kind: "bool", value: readNode(node, "boolean", ["value"])["value"] === true }),
  is_null: (node, slots) => readIs(node, "is_null", "NULL", slots),
  is_true: (node, slots) => readIs(node, "is_true", "TRUE", slots),
  is_false: (node, slots) => readIs(node, "is_false", "FALSE", slots),
  null_safe_eq: (node, slots) => readDistinct(node, "null_safe_eq", true, slots),
  null_safe_neq: (node, slots) => readDistinct(node, "null_safe_neq", false, slots),
  between: readBetween,
  in: readIn,
  case: readCase,
  cast: (node, slots) => readCast(node, "cast", slots),
  safe_cast: (node, slots) => readCast(node, "safe_cast", slots),
  interval: readInterval,
  at_time_zone: (node, slots) => {
    const read = readNode(node, "at_time_zone", ["this", "zone"]);
    return { kind: "atTimeZone", arg: child(read["this"], slots), zone: child(read["zone"], slots) };
  },
  tuple: (node, slots) => {
    const items = list(readNode(node, "tuple", ["expressions"])["expressions"]);
    if (items.length < 2) throw unsupported("syntax", "()");
    return { kind: "struct", items: items.map((item) => ({ value: readExpr(item, slots) })) };
  },
  array_func: (node, slots) => {
    const items = list(readNode(node, "array_func", ["expressions", "bracket_notation"])["expressions"]);
    return { kind: "array", items: items.map((item) => readExpr(item, slots)) };
  },
  subscript: (node, slots) => {
    const read = readNode(node, "subscript", ["this", "index"]);
    return { kind: "index", base: child(read["this"], slots), index: child(read["index"], slots) };
  },
  subquery: (node, slots) => ({ kind: "scalarQuery", query: readQuery(one(node, "subquery"), slots) }),
  exists: (node, slots) => ({ kind: "exists", query: readQuery(one(node, "exists"), slots) }),
  window_function: readOver,
};

/** An expression of the parser's tree. Node kinds that are not listed here are refused. */
export function readExpr(node: Json, slots: SlotReader): Expr {
  const kind = kindOf(node);
  checkOperands(node, kind);
  const op = BINARY[kind];
  if (op !== undefined) return readBinary(node, kind, op, slots);
  return READERS[kind]?.(node, slots) ?? readCall(node, kind, slots);
}

/** {@link readExpr} for a child that must be there. */
export function child(node: Json | undefined, slots: SlotReader): Expr {
  return readExpr(node ?? null, slots);
}

export function optional(node: Json | undefined, slots: SlotReader): Expr | undefined {
  return isEmpty(node) || node === undefined ? undefined : readExpr(node, slots);
}

function one(node: Json, kind: string): Json {
  return readNode(node, kind, ["this"])["this"] ?? null;
}

function readBinary(node: Json, kind: string, op: BinaryOp, slots: SlotReader): Expr {
  const read = readNode(node, kind, ["left", "right"]);
  return { kind: "binary", op, left: child(read["left"], slots), right: child(read["right"], slots) };
}

function readColumn(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "column", ["name", "table"]);
  if (!isEmpty(read["table"])) return withField(readIdentifier(read["table"] ?? null, slots), slots.name(read["name"]));
  return readIdentifier(read["name"] ?? null, slots);
}

function readIdentifier(identifier: Json, slots: SlotReader): Expr {
  const { name } = readObject(identifier, "identifier", ["name", "quoted"]);
  const slot = slots.slot(typeof name === "string" ? name : "");
  if (slot.kind === "literal") return { kind: "literal", type: slot.type, text: slot.text };
  if (slot.kind === "parameter") return { kind: "parameter", name: slot.name };
  if (slot.kind === "positional") return { kind: "positional", index: slot.index };
  return { kind: "path", names: [slots.name(identifier)] };
}

function readDot(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "dot", ["this", "field"]);
  return withField(child(read["this"], slots), slots.name(read["field"]));
}

function withField(base: Expr, name: string): Expr {
  if (base.kind === "path") return { kind: "path", names: [...base.names, name] };
  return { kind: "field", base, name };
}

function readIs(node: Json, kind: string, what: "NULL" | "TRUE" | "FALSE", slots: SlotReader): Expr {
  const read = readNode(node, kind, ["this", "not"]);
  return { kind: "is", arg: child(read["this"], slots), what, not: read["not"] === true };
}

function readDistinct(node: Json, kind: string, not: boolean, slots: SlotReader): Expr {
  const read = readNode(node, kind, ["left", "right"]);
  return { kind: "distinctFrom", left: child(read["left"], slots), right: child(read["right"], slots), not };
}

function readBetween(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "between", ["this", "low", "high", "not"]);
  const [arg, low, high] = [child(read["this"], slots), child(read["low"], slots), child(read["high"], slots)];
  return { kind: "between", arg, low, high, not: read["not"] === true };
}

function readIn(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "in", ["this", "expressions", "query", "unnest", "not"]);
  const arg = child(read["this"], slots);
  const not = read["not"] === true;
  if (!isEmpty(read["query"])) return { kind: "inQuery", arg, query: readQuery(read["query"] ?? null, slots), not };
  if (!isEmpty(read["unnest"])) return { kind: "inUnnest", arg, array: child(read["unnest"], slots), not };
  return { kind: "inList", arg, items: list(read["expressions"]).map((item) => readExpr(item, slots)), not };
}

function readCase(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "case", ["operand", "whens", "else_"]);
  const operand = optional(read["operand"], slots);
  const otherwise = optional(read["else_"], slots);
  const whens = list(read["whens"]).map((when) => {
    const [condition, value] = list(when);
    return [child(condition, slots), child(value, slots)] as const;
  });
  return { kind: "case", whens, ...(operand && { operand }), ...(otherwise && { otherwise }) };
}

function readCast(node: Json, kind: "cast" | "safe_cast", slots: SlotReader): Expr {
  const read = readNode(node, kind, ["this", "to"]);
  const { name } = readObject(read["to"] ?? null, "type", ["data_type", "name"]);
  const slot = slots.slot(typeof name === "string" ? name : "");
  if (slot.kind !== "type") throw unsupported("syntax", "CAST");
  return { kind: "cast", arg: child(read["this"], slots), type: slot.type, safe: kind === "safe_cast" };
}

function readInterval(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "interval", ["this", "unit"]);
  const { type, unit } = readObject(read["unit"] ?? null, "interval", ["type", "unit"]);
  if (type !== "simple" || typeof unit !== "string" || !isObject(read["this"])) throw unsupported("syntax", "INTERVAL");
  return { kind: "interval", value: child(read["this"], slots), unit: unit.toUpperCase() };
}
