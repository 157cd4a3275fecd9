import { SqlError } from "../statement.ts";
import type { SqlType } from "../types/sql-type.ts";
import type { Cursor } from "./cursor.ts";
import {
  BARE_FUNCTIONS,
  INTERVAL_UNITS,
  LITERAL_TYPES,
  MODIFIED_FUNCTIONS,
  RESERVED,
  RESERVED_FUNCTIONS,
  UNSUPPORTED_WORDS,
} from "./keywords.ts";
import { syntaxError, type Token } from "./lexer.ts";
import { readType } from "./type-syntax.ts";

/** What a placeholder of the canonical text stands for. */
export type Slot =
  | { readonly kind: "name"; readonly value: string; readonly quoted: boolean }
  | { readonly kind: "literal"; readonly type: string; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "positional"; readonly index: number }
  | { readonly kind: "type"; readonly type: SqlType };

/**
 * A query in a spelling that leaves the parser nothing to be lenient about: every literal, parameter, type and
 * identifier is a placeholder `__gsql_<n>`, every call but a few is `__gsql_f_<NAME>(`, and what remains are reserved
 * words and symbols. A word that is a keyword in some other dialect is therefore only a name here.
 */
export interface Canonical {
  readonly text: string;
  readonly slots: readonly Slot[];
}

export const SLOT = "__gsql_";
export const CALL = "__gsql_f_";
/** Stands for the dot of `SAFE.SUBSTR` or `NET.HOST` in the name of a call. */
export const DOT = "__dot__";

interface Frame {
  /** What opened the parenthesis: a call's name, "CAST", a typed array's closing text, or "". */
  readonly opener: string;
  readonly close: string;
  limit: boolean;
  /** A SELECT has been read: only then may a FROM follow. */
  select: boolean;
  interval: boolean;
}

/** Reads tokens up to the end (or up to the token at `until`) into canonical text. */
export function canonicalize(cursor: Cursor): Canonical {
  return new Canonicalizer(cursor).run();
}

class Canonicalizer {
  private readonly cursor: Cursor;
  private readonly slots: Slot[] = [];
  private readonly out: string[] = [];
  private readonly frames: Frame[] = [{ opener: "", close: "", limit: false, select: false, interval: false }];
  private positional = 0;
  private opener = "";

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  run(): Canonical {
    while (this.cursor.peek().kind !== "end") this.step(this.cursor.peek());
    return { text: this.out.join(" "), slots: this.slots };
  }

  private step(token: Token): void {
    if (token.kind === "word") this.word(token);
    else if (token.kind === "symbol") this.symbol(token);
    else this.operand(token);
  }

  /** A token that is one placeholder. */
  private operand(token: Token): void {
    this.cursor.next();
    if (this.cursor.peek().kind === token.kind && token.kind === "string") {
      throw new SqlError("notImplemented", "adjacent string literals are not supported by the embedded BigQuery");
    }
    if (token.kind === "quoted") this.pushName(token.value, true);
    else if (token.kind === "parameter") this.slot({ kind: "parameter", name: token.value });
    else if (token.kind === "positional") this.slot({ kind: "positional", index: this.positional++ });
    else this.slot({ kind: "literal", type: literalType(token), text: token.value });
  }

  private symbol(token: Token): void {
    this.cursor.next();
    if (token.text === "," && this.frame().limit)
      throw syntaxError(this.cursor.sql, token.start, 'Unexpected "," after LIMIT');
    if ("([{".includes(token.text)) this.open(token.text);
    else if (")]}".includes(token.text)) this.close(token);
    else if (";${}".includes(token.text) || token.text === "=>") throw this.refuse(token.text);
    else this.out.push(token.text);
  }

  private open(text: string): void {
    this.out.push(text);
    this.frames.push({ opener: this.opener, close: text, limit: false, select: false, interval: false });
    this.opener = "";
  }

  private close(token: Token): void {
    const frame = this.frames.pop();
    const expected: Record<string, string> = { "(": ")", "[": "]" };
    if (frame === undefined || this.frames.length === 0 || expected[frame.close] !== token.text) {
      throw syntaxError(this.cursor.sql, token.start, `Unexpected "${token.text}"`);
    }
    this.out.push(token.text);
    if (frame.opener === "typed array") this.out.push(")");
  }

  private word(token: Token): void {
    const word = token.text.toUpperCase();
    if (word.startsWith("__GSQL_")) throw this.refuse(token.text);
    const isMember = this.cursor.at > 0 && this.cursor.isSymbol(".", -1);
    if (isMember && !this.cursor.isSymbol("(", 1)) this.name();
    else if (LITERAL_TYPES.has(word) && this.cursor.peek(1).kind === "string") this.typedLiteral(word);
    else if (this.isStructOrArray(word)) this.constructorCall(word);
    else if (word === "EXTRACT") this.extract();
    else if (this.callLength() > 0 && !this.isStarModifier(word)) this.call(this.callLength());
    else if (this.isKeyword(word)) this.keyword(word);
    else if (BARE_FUNCTIONS.has(word)) this.bareCall(word);
    else this.name();
  }

  /** How many tokens of `a.b.c(` name a function: 0 if no call stands here. */
  private callLength(): number {
    let length = 1;
    if (this.isPlainKeyword(this.cursor.peek().text.toUpperCase())) return 0;
    while (this.cursor.isSymbol(".", length) && this.cursor.peek(length + 1).kind === "word") length += 2;
    return this.cursor.isSymbol("(", length) ? length : 0;
  }

  private isPlainKeyword(word: string): boolean {
    return RESERVED.has(word) && !RESERVED_FUNCTIONS.has(word) ? true : word === "SAFE_CAST";
  }

  /** `* REPLACE (` and `* EXCEPT (a) REPLACE (` are no calls. */
  private isStarModifier(word: string): boolean {
    return word === "REPLACE" && this.cursor.at > 0 && (this.cursor.isSymbol("*", -1) || this.cursor.isSymbol(")", -1));
  }

  private isKeyword(word: string): boolean {
    if (RESERVED.has(word) || word === "SAFE_CAST" || this.isStarModifier(word)) return true;
    const frame = this.frame();
    if (word === "OFFSET") return this.cursor.isWord("WITH", -1) || frame.limit;
    if (word === "FIRST" || word === "LAST") return this.cursor.isWord("NULLS", -1);
    if (word === "ROW") return this.cursor.isWord("CURRENT", -1);
    if (word === "TIME") return this.cursor.isWord("AT", -1);
    if (word === "ZONE") return this.cursor.isWord("TIME", -1) && this.cursor.isWord("AT", -2);
    return frame.interval && INTERVAL_UNITS.has(word) && endsOperand(this.cursor.peek(-1));
  }

  private keyword(word: string): void {
    const frame = this.frame();
    if (UNSUPPORTED_WORDS.has(word)) throw this.refuse(this.unsupportedText(word));
    if (word === "HAVING" && frame.opener !== "") throw this.refuse(`${frame.opener}(… HAVING …)`);
    if (word === "FROM" && !frame.select) throw this.refuse("FROM without a SELECT before it");
    if (word === "SELECT" || word === "UNION" || word === "INTERSECT") frame.select = word === "SELECT";
    if (word === "LIMIT") frame.limit = true;
    if (word === "INTERVAL") frame.interval = true;
    else if (INTERVAL_UNITS.has(word)) frame.interval = false;
    this.cursor.next();
    this.out.push(word);
    if (word === "CAST" || word === "SAFE_CAST") this.opener = "CAST";
    if (word === "AS") this.afterAs(frame);
  }

  private unsupportedText(word: string): string {
    return word === "FOR" ? `FOR ${this.cursor.peek(1).text}` : word;
  }

  private afterAs(frame: Frame): void {
    const before = this.cursor.peek(-2).text.toUpperCase();
    if (["SELECT", "DISTINCT", "ALL"].includes(before) && !this.cursor.isWord("STRUCT")) {
      throw this.refuse(`SELECT AS ${this.cursor.peek().text}`);
    }
    if (frame.opener === "CAST") this.slot({ kind: "type", type: readType(this.cursor) });
  }

  private typedLiteral(word: string): void {
    this.cursor.next();
    const type = word === "DECIMAL" ? "NUMERIC" : word;
    this.slot({ kind: "literal", type: `typed ${type}`, text: this.cursor.next().value });
  }

  private isStructOrArray(word: string): boolean {
    return (word === "ARRAY" || word === "STRUCT") && this.cursor.isSymbol("<", 1);
  }

  /** `STRUCT<…>(` becomes `__gsql_f_STRUCT<n>(`, `ARRAY<…>[` becomes `__gsql_f_ARRAY<n>([`. */
  private constructorCall(word: string): void {
    const type = readType(this.cursor);
    this.slots.push({ kind: "type", type });
    this.out.push(`${CALL}${word}${this.slots.length - 1}`);
    const bracket = word === "ARRAY" ? "[" : "(";
    if (!this.cursor.isSymbol(bracket)) throw this.cursor.unexpected(`"${bracket}"`);
    if (word === "ARRAY") this.out.push("(");
    this.opener = word === "ARRAY" ? "typed array" : "STRUCT";
  }

  /** `EXTRACT(part FROM x)` becomes `__gsql_f_EXTRACT(part, x)`. */
  private extract(): void {
    this.cursor.next();
    this.cursor.symbol("(");
    const part = this.cursor.peek().text.toUpperCase();
    if (["DATE", "TIME", "DATETIME"].includes(part)) {
      this.extractCivil(part);
      return;
    }
    this.out.push(`${CALL}EXTRACT`);
    this.opener = "EXTRACT";
    this.open("(");
    if (this.cursor.isSymbol("(", 1)) {
      this.call(1);
      this.symbol(this.cursor.peek());
      this.name();
      this.symbol(this.cursor.peek());
    } else this.name();
    if (!this.cursor.takeWords("FROM")) throw this.cursor.unexpected("keyword FROM");
    this.out.push(",");
  }

  /** `EXTRACT(DATE FROM x)` is `DATE(x)`. */
  private extractCivil(part: string): void {
    this.cursor.next();
    if (!this.cursor.takeWords("FROM")) throw this.cursor.unexpected("keyword FROM");
    this.out.push(CALL + part);
    this.opener = "EXTRACT";
    this.open("(");
  }

  private call(length: number): void {
    const parts: string[] = [];
    for (let index = 0; index < length; index += 1) {
      const token = this.cursor.next();
      if (token.kind === "word") parts.push(token.text.toUpperCase());
    }
    const name = parts.join(DOT);
    this.out.push(MODIFIED_FUNCTIONS.has(name) ? name : CALL + name);
    this.opener = parts.join(".");
  }

  private bareCall(word: string): void {
    this.cursor.next();
    this.out.push(`${CALL}${word} ( )`);
  }

  private name(): void {
    const token = this.cursor.peek();
    this.pushName(this.cursor.name(), token.kind === "quoted");
  }

  /** A name; `my-project` may be written without quotes before a dot in a table's path. */
  private pushName(value: string, quoted: boolean): void {
    let text = value;
    while (!quoted && this.isDash()) text += this.cursor.next().text + this.cursor.next().text;
    this.slot({ kind: "name", value: text, quoted: quoted || text !== value });
  }

  private isDash(): boolean {
    const [before, dash, after] = [this.cursor.peek(-1), this.cursor.peek(), this.cursor.peek(1)];
    const touches = dash.text === "-" && before.end === dash.start && dash.end === after.start;
    return touches && (after.kind === "word" || after.kind === "number") && this.isTablePath();
  }

  private isTablePath(): boolean {
    const opener = [...this.out].reverse().find((part) => !part.startsWith(SLOT) && part !== ".");
    return opener !== undefined && ["FROM", "JOIN"].includes(opener);
  }

  private slot(slot: Slot): void {
    this.slots.push(slot);
    this.out.push(`${SLOT}${this.slots.length - 1}`);
  }

  private frame(): Frame {
    const frame = this.frames.at(-1);
    if (frame === undefined) throw new Error("the outermost frame is never closed");
    return frame;
  }

  private refuse(what: string): SqlError {
    return new SqlError("notImplemented", `this syntax is not supported by the embedded BigQuery: ${what}`);
  }
}

function literalType(token: Token): string {
  if (token.kind !== "number") return token.kind === "bytes" ? "BYTES" : "STRING";
  return /^0[xX]|^\d+$/.test(token.text) ? "INT64" : "FLOAT64";
}

function endsOperand(token: Token): boolean {
  return token.kind === "symbol" ? token.text === ")" || token.text === "]" : token.text.toUpperCase() !== "INTERVAL";
}
