import { SqlError } from "../statement.ts";
import type { Query } from "../syntax/ast.ts";
import { readQuery } from "../syntax/read-query.ts";
import { SlotReader } from "../syntax/reader.ts";
import { canonicalize } from "./canonical.ts";
import { Cursor } from "./cursor.ts";
import { tokenize, type Token } from "./lexer.ts";
import { parseQuery } from "./parse.ts";

/** The tokens of one statement; a closing semicolon is dropped, a second statement refused. */
export function statementTokens(sql: string): readonly Token[] {
  const tokens = tokenize(sql);
  const end = tokens.length - 1;
  const first = tokens.findIndex((token) => token.kind === "symbol" && token.text === ";");
  if (first < 0) return tokens;
  if (tokens.slice(first, end).some((token) => token.text !== ";" || token.kind !== "symbol")) {
    throw new SqlError("notImplemented", "script of several statements is not supported by the embedded BigQuery");
  }
  return tokens.filter((_token, index) => index < first || index === end);
}

/** The query that stands in `tokens` from the cursor on. */
export function queryAt(cursor: Cursor): Query {
  const canonical = canonicalize(cursor);
  return readQuery(parseQuery(canonical), new SlotReader(canonical.slots));
}

export function parseStatementQuery(sql: string): Query {
  return queryAt(new Cursor(sql, statementTokens(sql)));
}
