import { MAX_DEPTH } from "./schema.ts";

/** A fault that `JSON.parse` does not show. */
export interface StructureFault {
  readonly reason: "too_deep" | "duplicate_key" | "not_utf8";
  readonly detail: string;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** With this bit `[` is `{`, and `]` is `}`. */
const CASE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * What `JSON.parse` lets pass in a payload that it has parsed. As many colons outside of texts as keys in what was parsed
 * prove that no key occurs twice: every key brings one. Only where that does not prove it, or where an escape may hide
 * something, the text is read once more, character by character.
 */
export function structureFault(payload: Uint8Array, text: string, parsed: object): StructureFault | undefined {
  const colons = countColons(payload);
  return colons !== undefined && colons === countKeys(parsed) ? undefined : faultOfText(text);
}

/** Colons between keys and values; `undefined` if it is too deep or has escapes. */
function countColons(payload: Uint8Array): number | undefined {
  let colons = 0;
  let depth = 0;
  for (let at = 0; at < payload.length; at += 1) {
    const byte = payload[at] as number;
    if (byte === QUOTE) {
      at += 1;
      while (payload[at] !== QUOTE) {
        if (payload[at] === BACKSLASH) return undefined;
        at += 1;
      }
    } else if (byte === COLON) colons += 1;
    else if ((byte | CASE_BIT) === OPEN) {
      depth += 1;
      if (depth > MAX_DEPTH) return undefined;
    } else if ((byte | CASE_BIT) === CLOSE) depth -= 1;
  }
  return colons;
}

/** The keys of all objects of a value from `JSON.parse`, which is not too deep. */
function countKeys(value: object): number {
  let count = 0;
  const isArray = Array.isArray(value);
  // What such a value inherits has nothing to enumerate.
  for (const name in value) {
    if (!isArray) count += 1;
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof inner === "object" && inner !== null) count += countKeys(inner);
  }
  return count;
}

/** Reads text that is known to be JSON once more, character by character, for what `JSON.parse` lets pass. */
function faultOfText(text: string): StructureFault | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "{") open.push(new Set());
    else if (letter === "[") open.push(undefined);
    else if (letter === "}" || letter === "]") open.pop();
    else if (letter === '"') {
      const end = stringEnd(text, at);
      const fault = stringFault(text.slice(at, end + 1), isKey(text, end) ? open.at(-1) : undefined);
      if (fault !== undefined) return fault;
      at = end;
    }
    if (open.length > MAX_DEPTH) return { reason: "too_deep", detail: `nested deeper than ${MAX_DEPTH} levels` };
  }
  return undefined;
}

function stringFault(quoted: string, keys: Set<string> | undefined): StructureFault | undefined {
  const value = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (!value.isWellFormed()) return { reason: "not_utf8", detail: "an escape names half of a surrogate pair" };
  if (keys?.has(value) === true)
    return { reason: "duplicate_key", detail: `key ${JSON.stringify(value)} occurs twice` };
  keys?.add(value);
  return undefined;
}

/** The index of the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
}

/** Whether the string that ends at `end` is followed by a colon. */
function isKey(text: string, end: number): boolean {
  for (let at = end + 1; at < text.length; at += 1) {
    const letter = text[at];
    if (letter !== " " && letter !== "\n" && letter !== "\r" && letter !== "\t") return letter === ":";
  }
  return false;
}
