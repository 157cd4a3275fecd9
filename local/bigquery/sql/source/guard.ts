import { SqlError } from "../statement.ts";
import { Cursor } from "./cursor.ts";
import { tokenize } from "./lexer.ts";

/** Words that a parser may leave out or add without changing what is said. */
const NOISE = new Set(["AS", "INNER", "OUTER", "ASC", "CROSS", "JOIN", "(", ")", ",", "."]);
const SAME: Readonly<Record<string, string>> = { "!=": "<>" };

/**
 * Refuses a query if something in it did not reach the syntax tree.
 *
 * The parser is lenient: it reads some clauses and forgets them. Its own spelling of the tree must therefore hold every
 * word and symbol of the source at least as often; each identifier and literal is a unique placeholder there.
 */
export function checkNothingLost(source: string, generated: string): void {
  const found = counts(generated);
  for (const [text, times] of counts(source)) {
    if ((found.get(text) ?? 0) < times && !NOISE.has(text)) {
      throw new SqlError("notImplemented", `this use of ${text} is not supported by the embedded BigQuery`);
    }
  }
}

function counts(sql: string): Map<string, number> {
  const counted = new Map<string, number>();
  for (const token of new Cursor(sql, tokenize(sql)).tokens) {
    const upper = token.text.toUpperCase();
    const text = SAME[upper] ?? upper;
    if (token.kind !== "end") counted.set(text, (counted.get(text) ?? 0) + 1);
  }
  return counted;
}
