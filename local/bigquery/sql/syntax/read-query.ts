import type { Cte, Expr, Query, Select, SelectItem, SetOperation } from "./ast.ts";
import { isEmpty, isObject, type Json, kindOf, list, readNode, readObject, unsupported } from "./node.ts";
import { readOrderItem, readWindow } from "./read-call.ts";
import { child, optional, readExpr } from "./read-expression.ts";
import { readFrom } from "./read-from.ts";
import type { SlotReader } from "./reader.ts";

const SELECT_KEYS = [
  "expressions",
  "from",
  "joins",
  "where_clause",
  "group_by",
  "having",
  "qualify",
  "windows",
  "distinct",
  "kind",
];
const TAIL_KEYS = ["with", "order_by", "limit", "offset"];

/** A query: a SELECT, a set operation or a query in parentheses, with its WITH, ORDER BY and LIMIT. */
export function readQuery(node: Json, slots: SlotReader): Query {
  const kind = kindOf(node);
  if (kind === "select") {
    const read = readNode(node, kind, [...SELECT_KEYS, ...TAIL_KEYS]);
    return { body: readSelect(read, slots), ...readTail(read, slots) };
  }
  if (kind === "subquery" || kind === "paren") {
    const read = readNode(node, kind, ["this", ...TAIL_KEYS]);
    return { body: readQuery(read["this"] ?? null, slots), ...readTail(read, slots) };
  }
  if (kind !== "union" && kind !== "except" && kind !== "intersect") throw unsupported("query", kind.toUpperCase());
  const read = readNode(node, kind, ["left", "right", "all", "distinct", ...TAIL_KEYS]);
  return { body: readSetOperation(kind, read, slots), ...readTail(read, slots) };
}

type Read = Readonly<Record<string, Json>>;

function readTail(read: Read, slots: SlotReader): Pick<Query, "ctes" | "orderBy" | "limit" | "offset"> {
  const limit = readCount(read["limit"], slots);
  const offset = readCount(read["offset"], slots);
  return {
    ctes: isEmpty(read["with"]) ? [] : readCtes(read["with"] ?? null, slots),
    orderBy: isEmpty(read["order_by"]) ? [] : readOrderBy(read["order_by"] ?? null, slots),
    ...(limit && { limit }),
    ...(offset && { offset }),
  };
}

function readOrderBy(node: Json, slots: SlotReader): Query["orderBy"] {
  return list(readObject(node, "ORDER BY", ["expressions"])["expressions"]).map((item) => readOrderItem(item, slots));
}

/** LIMIT and OFFSET are wrapped in an object in a SELECT and bare in a set operation. */
function readCount(node: Json | undefined, slots: SlotReader): Query["limit"] {
  if (!isObject(node)) return undefined;
  return "this" in node ? optional(readObject(node, "LIMIT", ["this"])["this"], slots) : readExpr(node, slots);
}

function readCtes(node: Json, slots: SlotReader): Cte[] {
  return list(readObject(node, "WITH", ["ctes"])["ctes"]).map((cte) => {
    const read = readObject(cte, "WITH", ["alias", "this", "alias_first"]);
    return { name: slots.name(read["alias"]), query: readQuery(read["this"] ?? null, slots) };
  });
}

/** Chains of different set operators need parentheses in BigQuery, and the parser would bind INTERSECT wrongly. */
function readSetOperation(kind: "union" | "except" | "intersect", read: Read, slots: SlotReader): SetOperation {
  const left = read["left"] ?? null;
  const quantifier = read["all"] === true ? "ALL" : read["distinct"] === true ? "DISTINCT" : "";
  const op = `${kind.toUpperCase()} ${quantifier}`.trim();
  if (op !== "UNION ALL" && op !== "UNION DISTINCT" && op !== "EXCEPT DISTINCT" && op !== "INTERSECT DISTINCT") {
    throw unsupported("set operation", op);
  }
  const set: SetOperation = {
    kind: "setOperation",
    op,
    left: readQuery(left, slots),
    right: readQuery(read["right"] ?? null, slots),
  };
  const chained = kindOf(left) in { union: 0, except: 0, intersect: 0 } ? set.left.body : undefined;
  if (chained && "kind" in chained && chained.kind === "setOperation" && chained.op !== op) {
    throw unsupported("sequence of different set operations without parentheses", `${chained.op}, ${op}`);
  }
  return set;
}

function readSelect(read: Read, slots: SlotReader): Select {
  const groupBy = isEmpty(read["group_by"])
    ? {}
    : readObject(read["group_by"] ?? null, "GROUP BY", ["expressions", "all"]);
  const [where, having, qualify] = ["where_clause", "having", "qualify"].map((key) => readCondition(read[key], slots));
  const from = isEmpty(read["from"]) ? undefined : readFrom(read["from"] ?? null, list(read["joins"]), slots);
  if (!isEmpty(read["kind"]) && read["kind"] !== "STRUCT") throw unsupported("query", "SELECT AS");
  const items = list(read["expressions"]).map((item) => readItem(item, slots));
  if (items.length === 0) throw unsupported("query", "SELECT without a list");
  return {
    kind: "select",
    distinct: read["distinct"] === true,
    asStruct: read["kind"] === "STRUCT",
    items,
    groupBy: list(groupBy["expressions"]).map((expr) => readExpr(expr, slots)),
    groupByAll: groupBy["all"] === true,
    windows: list(read["windows"]).map((window) => {
      const named = readObject(window, "WINDOW", ["name", "spec"]);
      return { name: slots.name(named["name"]), spec: readWindow(named["spec"] ?? null, slots) };
    }),
    ...(from && { from }),
    ...(where && { where }),
    ...(having && { having }),
    ...(qualify && { qualify }),
  };
}

function readCondition(node: Json | undefined, slots: SlotReader): Select["where"] {
  return isObject(node) ? child(readObject(node, "condition", ["this"])["this"], slots) : undefined;
}

function readItem(node: Json, slots: SlotReader): SelectItem {
  const kind = kindOf(node);
  if (kind === "alias") {
    const read = readNode(node, kind, ["this", "alias"]);
    return { kind: "expr", expr: child(read["this"], slots), alias: slots.name(read["alias"]) };
  }
  if (kind !== "star") return { kind: "expr", expr: readExpr(node, slots) };
  const read = readNode(node, kind, ["table", "except", "replace"]);
  return {
    kind: "star",
    except: list(read["except"]).map((name) => slots.name(name)),
    replace: list(read["replace"]).map((item) => readReplacement(item, slots)),
    ...(isObject(read["table"]) && { base: readStarBase(read["table"], slots) }),
  };
}

function readStarBase(identifier: Json, slots: SlotReader): { kind: "path"; names: string[] } {
  const { name } = readObject(identifier, "identifier", ["name", "quoted"]);
  const parts = typeof name === "string" ? name.split(".") : [];
  return { kind: "path", names: parts.map((part) => slots.nameText(part)) };
}

function readReplacement(node: Json, slots: SlotReader): { expr: Expr; name: string } {
  const read = readObject(node, "REPLACE", ["this", "alias"]);
  return { expr: child(read["this"], slots), name: slots.name(read["alias"]) };
}
