import { SqlError } from "../statement.ts";
import { decodeLiteral } from "./string-literal.ts";

/**
 * One token of GoogleSQL. Comments and white space are gone; `start` and `end` are offsets in the source.
 *
 * `value` is the content of a quoted identifier, string, bytes literal (hexadecimal) or the name of a parameter.
 */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "bytes" | "number" | "parameter" | "positional" | "symbol" | "end";
  readonly text: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+|#[^\n]*|--[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|'''|"|')/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const PARAMETER = /@([A-Za-z_][A-Za-z0-9_]*)/y;
const SYMBOL = /<<|>>|<=|>=|<>|!=|\|\||=>|[-+*/~^&|<>=(){}[\],.;:$]/y;

/**
 * Splits a statement into tokens.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = skipSpace(sql, 0);
  while (at < sql.length) {
    const token = readToken(sql, at);
    tokens.push(token);
    at = skipSpace(sql, token.end);
  }
  tokens.push({ kind: "end", text: "end of input", value: "", start: sql.length, end: sql.length });
  return tokens;
}

/** A syntax error in BigQuery's words, with line and column. */
export function syntaxError(sql: string, at: number, problem: string): SqlError {
  const lines = sql.slice(0, at).split("\n");
  const column = (lines.at(-1) ?? "").length + 1;
  return new SqlError("invalidQuery", `Syntax error: ${problem} at [${lines.length}:${column}]`);
}

function skipSpace(sql: string, from: number): number {
  let at = from;
  for (let text = match(SPACE, sql, at); text !== undefined; text = match(SPACE, sql, at)) at += text.length;
  if (sql.startsWith("/*", at)) throw syntaxError(sql, at, "Unclosed comment");
  return at;
}

function readToken(sql: string, start: number): Token {
  const quote = match(STRING, sql, start);
  if (quote !== undefined) return readString(sql, start, quote);
  if (sql[start] === "`") return readQuoted(sql, start);
  const number = startsNumber(sql, start) ? match(NUMBER, sql, start) : undefined;
  if (number !== undefined) return readNumber(sql, start, number);
  const word = match(WORD, sql, start);
  if (word !== undefined) return token("word", sql, start, start + word.length, word);
  const parameter = match(PARAMETER, sql, start);
  if (parameter !== undefined) return token("parameter", sql, start, start + parameter.length, parameter.slice(1));
  if (sql[start] === "?") return token("positional", sql, start, start + 1, "?");
  const symbol = match(SYMBOL, sql, start);
  if (symbol !== undefined) return token("symbol", sql, start, start + symbol.length, symbol);
  if (sql.startsWith("@@", start) || sql.startsWith("@{", start)) {
    const what = sql.startsWith("@@", start) ? "system variable" : "hint";
    throw new SqlError(
      "notImplemented",
      `${what} is not supported by the embedded BigQuery: ${sql.slice(start, start + 20)}`,
    );
  }
  throw syntaxError(sql, start, `Illegal input character "${sql[start] ?? ""}"`);
}

/** A dot that follows a name or a bracket belongs to a path, not to a number. */
function startsNumber(sql: string, start: number): boolean {
  if (/\d/.test(sql[start] ?? "")) return true;
  return /^\.\d/.test(sql.slice(start, start + 2)) && !/[\w`)\]]/.test(sql[start - 1] ?? "");
}

function readNumber(sql: string, start: number, text: string): Token {
  const end = start + text.length;
  if (/[A-Za-z_]/.test(sql[end] ?? "")) throw syntaxError(sql, end, "Missing whitespace between literal and alias");
  return token("number", sql, start, end, text);
}

function readQuoted(sql: string, start: number): Token {
  const end = closing(sql, start + 1, "`", false);
  const value = decodeLiteral(sql.slice(start + 1, end), "string");
  if (value === undefined || value === "") throw syntaxError(sql, start, "Invalid empty identifier");
  return token("quoted", sql, start, end + 1, value);
}

function readString(sql: string, start: number, opening: string): Token {
  const prefix = /^[rRbB]*/.exec(opening)?.[0].toLowerCase() ?? "";
  const quote = opening.slice(prefix.length);
  const from = start + opening.length;
  const end = closing(sql, from, quote, quote.length === 3);
  const kind = prefix.includes("b") ? "bytes" : "string";
  const value = decodeLiteral(sql.slice(from, end), kind, prefix.includes("r"));
  if (value === undefined) throw syntaxError(sql, start, "Illegal escape sequence");
  return token(kind, sql, start, end + quote.length, value);
}

/** Where `quote` closes; a backslash protects the character after it, in raw strings too. */
function closing(sql: string, from: number, quote: string, lines: boolean): number {
  for (let at = from; at < sql.length; at += 1) {
    if (sql[at] === "\\") at += 1;
    else if (sql.startsWith(quote, at)) return at;
    else if (sql[at] === "\n" && !lines) break;
  }
  throw syntaxError(sql, from - 1, quote === "`" ? "Unclosed identifier literal" : "Unclosed string literal");
}

function token(kind: Token["kind"], sql: string, start: number, end: number, value: string): Token {
  return { kind, text: sql.slice(start, end), value, start, end };
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}
