import { SqlError } from "../statement.ts";
import type { Bound, Call, Expr, Frame, OrderItem, StructItem, WindowSpec } from "./ast.ts";
import { isEmpty, isObject, type Json, kindOf, list, readNode, readObject, unsupported } from "./node.ts";
import { child, optional, readExpr } from "./read-expression.ts";
import { readQuery } from "./read-query.ts";
import type { SlotReader } from "./reader.ts";

/** The parser's own node kinds of functions that it knows, and the keys of their arguments in order. */
const NATIVE: Readonly<Record<string, { readonly name: string; readonly args: readonly string[] }>> = {
  any_value: { name: "ANY_VALUE", args: ["this"] },
  array_agg: { name: "ARRAY_AGG", args: ["this"] },
  string_agg: { name: "STRING_AGG", args: ["this", "separator"] },
  first_value: { name: "FIRST_VALUE", args: ["this"] },
  last_value: { name: "LAST_VALUE", args: ["this"] },
  nth_value: { name: "NTH_VALUE", args: ["this", "offset"] },
};
const MODIFIERS = ["distinct", "ignore_nulls", "order_by", "limit"];

/** A call, or what is spelled like one: STRUCT(…), ARRAY(…), typed constructors. */
export function readCall(node: Json, kind: string, slots: SlotReader): Expr {
  const native = NATIVE[kind];
  if (native !== undefined) {
    const read = readNode(node, kind, [...native.args, ...MODIFIERS, "name"]);
    const args = native.args.flatMap((key) => optional(read[key], slots) ?? []);
    return { kind: "call", name: native.name, args, star: false, ...modifiers(read, slots) };
  }
  if (kind === "aggregate_function") {
    const read = readNode(node, kind, ["name", "args", ...MODIFIERS]);
    return {
      kind: "call",
      name: nameOf(read["name"], slots),
      ...args(list(read["args"]), slots),
      ...modifiers(read, slots),
    };
  }
  if (kind !== "function") throw unsupported("syntax", kind.toUpperCase().replaceAll("_", " "));
  return readFunction(node, slots);
}

function readFunction(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "function", ["name", "args", "distinct"]);
  const name = nameOf(read["name"], slots);
  const typed = /^(ARRAY|STRUCT)(\d+)$/.exec(name);
  if (typed !== null) return readTyped(typed[1] === "ARRAY", Number(typed[2]), list(read["args"]), slots);
  if (name === "STRUCT")
    return { kind: "struct", items: list(read["args"]).map((item) => readStructItem(item, slots)) };
  if (name === "ARRAY") return { kind: "arrayQuery", query: readQuery(list(read["args"])[0] ?? null, slots) };
  return { kind: "call", name, ...args(list(read["args"]), slots), ...modifiers(read, slots) };
}

function nameOf(name: Json | undefined, slots: SlotReader): string {
  return slots.callName(typeof name === "string" ? name : "");
}

function args(nodes: readonly Json[], slots: SlotReader): Pick<Call, "args" | "star"> {
  const [first] = nodes;
  const star = nodes.length === 1 && isObject(first) && "star" in first;
  if (star) readNode(first, "star", []);
  return { args: star ? [] : nodes.map((node) => readExpr(node, slots)), star };
}

function modifiers(
  read: Readonly<Record<string, Json>>,
  slots: SlotReader,
): Pick<Call, "distinct" | "orderBy" | "nulls" | "limit"> {
  const limit = optional(read["limit"], slots);
  const ignore = read["ignore_nulls"];
  return {
    distinct: read["distinct"] === true,
    orderBy: list(read["order_by"]).map((item) => readOrderItem(item, slots)),
    ...(typeof ignore === "boolean" && { nulls: ignore ? ("IGNORE" as const) : ("RESPECT" as const) }),
    ...(limit && { limit }),
  };
}

function readTyped(isArray: boolean, index: number, nodes: readonly Json[], slots: SlotReader): Expr {
  const { type } = slots.typeSlot(index);
  if (!isArray) return { kind: "struct", items: nodes.map((node) => readStructItem(node, slots)), type };
  const inner = child(nodes[0], slots);
  if (inner.kind !== "array" || nodes.length !== 1) throw unsupported("syntax", "ARRAY");
  return { ...inner, type };
}

function readStructItem(node: Json, slots: SlotReader): StructItem {
  if (kindOf(node) !== "alias") {
    const value = readExpr(node, slots);
    return { value, ...(value.kind === "path" && { name: value.names.at(-1) ?? "" }) };
  }
  const read = readNode(node, "alias", ["this", "alias"]);
  return { value: child(read["this"], slots), name: slots.name(read["alias"]) };
}

/** One item of an ORDER BY, in a query, an aggregate function or a window. */
export function readOrderItem(node: Json, slots: SlotReader): OrderItem {
  const read = readObject(node, "ORDER BY", ["this", "desc", "nulls_first", "explicit_asc"]);
  const nulls = read["nulls_first"];
  return {
    expr: child(read["this"], slots),
    desc: read["desc"] === true,
    ...(typeof nulls === "boolean" && { nulls: nulls ? ("FIRST" as const) : ("LAST" as const) }),
  };
}

export function readOver(node: Json, slots: SlotReader): Expr {
  const read = readNode(node, "window_function", ["this", "over"]);
  return { kind: "over", call: child(read["this"], slots), window: readWindow(read["over"] ?? null, slots) };
}

export function readWindow(node: Json, slots: SlotReader): WindowSpec {
  const read = readObject(node, "window", ["window_name", "partition_by", "order_by", "frame"]);
  return {
    ...slots.optionalName(read["window_name"]),
    partitionBy: list(read["partition_by"]).map((expr) => readExpr(expr, slots)),
    orderBy: list(read["order_by"]).map((item) => readOrderItem(item, slots)),
    ...(isObject(read["frame"]) && { frame: readFrame(read["frame"], slots) }),
  };
}

function readFrame(node: Json, slots: SlotReader): Frame {
  const read = readObject(node, "frame", ["kind", "start", "end", "kind_text", "start_side_text", "end_side_text"]);
  const unit = read["kind"] === "Rows" ? "ROWS" : "RANGE";
  if (read["kind"] !== "Rows" && read["kind"] !== "Range")
    throw unsupported("window frame", JSON.stringify(read["kind"]));
  const end: Bound = isEmpty(read["end"]) ? { kind: "CURRENT ROW" } : readBound(read["end"] ?? null, slots);
  return { unit, start: readBound(read["start"] ?? null, slots), end };
}

function readBound(node: Json, slots: SlotReader): Bound {
  if (node === "UnboundedPreceding") return { kind: "UNBOUNDED PRECEDING" };
  if (node === "UnboundedFollowing") return { kind: "UNBOUNDED FOLLOWING" };
  if (node === "CurrentRow") return { kind: "CURRENT ROW" };
  const kind = kindOf(node);
  if (!isObject(node) || (kind !== "Preceding" && kind !== "Following"))
    throw new SqlError("notImplemented", "window frame bound");
  return { kind: kind === "Preceding" ? "PRECEDING" : "FOLLOWING", offset: child(node[kind], slots) };
}
