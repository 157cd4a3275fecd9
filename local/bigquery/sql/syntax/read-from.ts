import type { Expr, FromItem } from "./ast.ts";
import { isEmpty, isObject, type Json, kindOf, list, readNode, readObject, unsupported } from "./node.ts";
import { child, optional } from "./read-expression.ts";
import { readQuery } from "./read-query.ts";
import type { SlotReader } from "./reader.ts";

const JOIN_TYPES: Readonly<Record<string, "INNER" | "LEFT" | "RIGHT" | "FULL" | "CROSS">> = {
  Inner: "INNER",
  Left: "LEFT",
  Right: "RIGHT",
  Full: "FULL",
  Cross: "CROSS",
  Implicit: "CROSS",
};

/** A FROM clause: comma joins and JOINs evaluate from left to right. */
export function readFrom(from: Json, joins: readonly Json[], slots: SlotReader): FromItem {
  const items = list(readObject(from, "FROM", ["expressions"])["expressions"]).map((item) => readItem(item, slots));
  const [first, ...rest] = items;
  if (first === undefined) throw unsupported("query", "FROM");
  const commas = rest.reduce<FromItem>(
    (left, right) => ({ kind: "join", type: "CROSS", left, right, using: [] }),
    first,
  );
  checkComma(rest.length > 0, joins);
  return readJoins(commas, joins, slots);
}

/** After a comma RIGHT JOIN and FULL JOIN need parentheses. */
function checkComma(startsWithComma: boolean, joins: readonly Json[]): void {
  const kinds = joins.map((join) => (isObject(join) ? join["kind"] : undefined));
  const comma = startsWithComma ? 0 : kinds.indexOf("Implicit");
  const outer = comma < 0 ? undefined : kinds.slice(comma).find((kind) => kind === "Right" || kind === "Full");
  if (outer !== undefined)
    throw unsupported("join", `${JSON.stringify(outer)} JOIN after a comma, without parentheses`);
}

function readJoins(first: FromItem, joins: readonly Json[], slots: SlotReader): FromItem {
  return joins.reduce((left, join) => readJoin(left, join, slots), first);
}

function readJoin(left: FromItem, node: Json, slots: SlotReader): FromItem {
  const keys = ["this", "on", "using", "kind", "use_inner_keyword", "use_outer_keyword", "nesting_group"];
  const read = readObject(node, "JOIN", keys);
  const type = JOIN_TYPES[typeof read["kind"] === "string" ? read["kind"] : ""];
  if (type === undefined) throw unsupported("join", JSON.stringify(read["kind"]));
  const on: Expr | undefined = optional(read["on"], slots);
  const using = list(read["using"]).map((name) => slots.name(name));
  return { kind: "join", type, left, right: readItem(read["this"] ?? null, slots), using, ...(on && { on }) };
}

function readItem(node: Json, slots: SlotReader): FromItem {
  const kind = kindOf(node);
  if (kind === "alias") {
    const read = readNode(node, kind, ["this", "alias"]);
    return { ...readItem(read["this"] ?? null, slots), ...aliasOf(read["alias"], slots) };
  }
  if (kind === "table") return readTable(node, slots);
  if (kind === "unnest") return readUnnest(node, slots);
  if (kind === "joined_table") {
    const read = readNode(node, kind, ["left", "joins"]);
    return readJoins(readItem(read["left"] ?? null, slots), list(read["joins"]), slots);
  }
  if (kind === "paren") return readItem(readNode(node, kind, ["this"])["this"] ?? null, slots);
  if (kind !== "subquery") throw unsupported("table", kind === "function" ? "table function" : kind);
  const read = readNode(node, kind, ["this", "alias"]);
  return { kind: "subquery", query: readQuery(read["this"] ?? null, slots), ...aliasOf(read["alias"], slots) };
}

function aliasOf(node: Json | undefined, slots: SlotReader): { alias?: string } {
  return isObject(node) ? { alias: slots.name(node) } : {};
}

/** A path of up to four names; a back-quoted one may hold dots. */
function readTable(node: Json, slots: SlotReader): FromItem {
  const read = readNode(node, "table", ["name", "schema", "catalog", "alias"]);
  const parts = [read["catalog"], read["schema"], read["name"]].filter((part) => !isEmpty(part));
  return { kind: "table", path: parts.flatMap((part) => tablePart(part, slots)), ...aliasOf(read["alias"], slots) };
}

function tablePart(part: Json | undefined, slots: SlotReader): string[] {
  const { name } = readObject(part ?? null, "identifier", ["name", "quoted"]);
  const texts = typeof name === "string" ? name.split(".") : [];
  return texts.flatMap((text) => slots.nameText(text).split("."));
}

function readUnnest(node: Json, slots: SlotReader): FromItem {
  const read = readNode(node, "unnest", ["this", "with_ordinality", "alias", "offset_alias"]);
  const offset = isObject(read["offset_alias"]) ? { offsetAlias: slots.name(read["offset_alias"]) } : {};
  const withOffset = read["with_ordinality"] === true;
  return { kind: "unnest", array: child(read["this"], slots), withOffset, ...aliasOf(read["alias"], slots), ...offset };
}
