/** A text as it stands in JSON behind the opening quote. */
export interface QuotedText {
  readonly text: string;
  /** With the closing quote; each letter stands for one byte. A string, because a small array takes four times the memory. */
  readonly bytes: string;
}

/** `undefined` for a text that JSON cannot hold as it is: a quote, a backslash, a control character, half a character. */
export function quotedText(text: string): QuotedText | undefined {
  // eslint-disable-next-line no-control-regex -- JSON allows none of them: RFC 8259, section 7
  const isVerbatim = text.isWellFormed() && !/["\\\u0000-\u001f]/.test(text);
  return isVerbatim ? { text, bytes: Buffer.from(`${text}"`).toString("latin1") } : undefined;
}

/** Whether the text stands in the payload from this index on, and ends there. */
export function standsAt(payload: Uint8Array, at: number, { bytes }: QuotedText): boolean {
  if (at + bytes.length > payload.length) return false;
  for (let index = 0; index < bytes.length; index += 1)
    if (payload[at + index] !== bytes.charCodeAt(index)) return false;
  return true;
}
