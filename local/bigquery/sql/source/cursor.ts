import { syntaxError, type Token } from "./lexer.ts";

/** Stands before the first token. */
const BEFORE: Token = { kind: "end", text: "", value: "", start: 0, end: 0 };

/** Walks over tokens. Every reader either consumes what it expects or throws a syntax error. */
export class Cursor {
  readonly sql: string;
  readonly tokens: readonly Token[];
  at: number;
  /** The first half of a `>>` that closes two nested types has been read. */
  private halfAngle = false;

  constructor(sql: string, tokens: readonly Token[], at = 0) {
    this.sql = sql;
    this.tokens = tokens;
    this.at = at;
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] ?? BEFORE;
  }

  next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "word" && token.text.toUpperCase() === word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === symbol;
  }

  /** Consumes these words if all of them stand here. */
  takeWords(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.isWord(word, index))) return false;
    this.at += words.length;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.at += 1;
    return true;
  }

  symbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  word(): string {
    if (this.peek().kind !== "word") throw this.unexpected("identifier");
    return this.next().text;
  }

  /** An identifier, back-quoted or not. */
  name(): string {
    const kind = this.peek().kind;
    if (kind !== "word" && kind !== "quoted") throw this.unexpected("identifier");
    return this.next().value;
  }

  isCloseAngle(): boolean {
    return this.isSymbol(">") || this.isSymbol(">>");
  }

  /** Consumes one `>`, also the half of a `>>`. */
  closeAngle(): void {
    if (!this.isCloseAngle()) throw this.unexpected('">"');
    if (this.isSymbol(">>") && !this.halfAngle) {
      this.halfAngle = true;
      return;
    }
    this.halfAngle = false;
    this.at += 1;
  }

  unexpected(expected: string): Error {
    const token = this.peek();
    const got = token.kind === "end" ? "end of script" : `"${token.text}"`;
    return syntaxError(this.sql, token.start, `Expected ${expected} but got ${got}`);
  }
}
