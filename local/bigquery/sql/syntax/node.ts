import { SqlError } from "../statement.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Keys that say where or how something was written, never what it means. */
const IGNORED = new Set([
  "span",
  "comments",
  "left_comments",
  "operator_comments",
  "trailing_comments",
  "leading_comments",
  "pre_alias_comments",
  "inferred_type",
  "alias_explicit_as",
  "alias_keyword",
]);

/** A node of the parser is an object with one key, its kind. */
export function kindOf(node: Json): string {
  const keys = isObject(node) ? Object.keys(node) : [];
  if (keys.length !== 1 || keys[0] === undefined) throw unsupported("syntax", JSON.stringify(node).slice(0, 60));
  return keys[0];
}

/**
 * The content of a node of this kind. The caller states every key that it reads; a node that says anything under
 * another key is refused, so that nothing of a statement is ever dropped.
 */
export function readNode(node: Json, kind: string, keys: readonly string[]): JsonObject {
  if (!isObject(node) || !(kind in node)) throw unsupported("syntax", kindOf(node));
  return readObject(node[kind] ?? {}, kind, keys);
}

/** {@link readNode} for the parser's objects that have no kind. */
export function readObject(value: Json, what: string, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw unsupported("syntax", what);
  const other = Object.keys(value).find((key) => !keys.includes(key) && !IGNORED.has(key) && !isEmpty(value[key]));
  if (other !== undefined) throw unsupported("syntax", `${what} with ${other.replace(/_$/, "").replaceAll("_", " ")}`);
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list; an absent one is empty. */
export function list(value: Json | undefined): readonly Json[] {
  if (isEmpty(value)) return [];
  if (!Array.isArray(value)) throw unsupported("syntax", "list expected");
  return value as readonly Json[];
}

export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

/** The error for whatever the embedded BigQuery does not support. */
export function unsupported(what: string, name: string): SqlError {
  return new SqlError("notImplemented", `this ${what} is not supported by the embedded BigQuery: ${name}`);
}
