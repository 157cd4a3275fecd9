const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "?": "?",
  '"': '"',
  "'": "'",
  "`": "`",
};

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^xXuU0-9]))/y;

/**
 * The content of a string literal (text) or bytes literal (hexadecimal digits), or undefined for an illegal escape.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences
 */
export function decodeLiteral(body: string, kind: "string" | "bytes", raw = false): string | undefined {
  const text = body.replace(/\r\n?/g, "\n");
  const parts = raw ? [text] : unescape(text, kind);
  if (parts === undefined) return undefined;
  if (kind === "string")
    return parts.map((part) => (typeof part === "string" ? part : String.fromCodePoint(part))).join("");
  return Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "utf8") : Buffer.from([part]))),
  ).toString("hex");
}

/** Text and, for numeric escapes, code points or byte values. */
function unescape(text: string, kind: "string" | "bytes"): (string | number)[] | undefined {
  const parts: (string | number)[] = [];
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf("\\", at);
    if (next < 0) return [...parts, text.slice(at)];
    parts.push(text.slice(at, next));
    ESCAPE.lastIndex = next;
    const match = ESCAPE.exec(text);
    const part = match === null ? undefined : escaped(match, kind);
    if (part === undefined) return undefined;
    parts.push(part);
    at = ESCAPE.lastIndex;
  }
  return parts;
}

function escaped(match: RegExpExecArray, kind: "string" | "bytes"): string | number | undefined {
  const [, x, upperX, u, upperU, octal, simple] = match;
  if (simple !== undefined) return ESCAPES[simple];
  const unicode = u ?? upperU;
  if (unicode !== undefined && kind === "bytes") return undefined;
  const value = octal === undefined ? parseInt(x ?? upperX ?? unicode ?? "", 16) : parseInt(octal, 8);
  const isSurrogate = value >= 0xd800 && value <= 0xdfff;
  if (value > (kind === "bytes" ? 0xff : 0x10ffff) || (kind === "string" && isSurrogate)) return undefined;
  return value;
}
