import { Compile } from "typebox/compile";
import { explainFields } from "./explain.ts";
import { rejection, type Rejection } from "./reasons.ts";
import { payloadSchema, type Reading } from "./schema.ts";
import { structureFault } from "./structure.ts";

/** All rules for single fields, compiled from the schema. */
const compiled = Compile(payloadSchema);

/**
 * Reads any payload with `JSON.parse` and the compiled schema, and says what is wrong with it. This is what a reading is
 * judged by; `plain-reading.ts` is the short way for what devices usually send.
 */
export function readClosely(payload: Uint8Array): { readonly ok: true; readonly reading: Reading } | Rejection {
  const text = decode(payload);
  // U+FFFD is what stands for bytes that are not UTF-8; it may also be in the text itself.
  if (text.includes("\uFFFD") && !isUtf8(payload)) return rejection("not_utf8", "the bytes are not UTF-8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return rejection("not_json", (error as SyntaxError).message);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    return rejection("not_an_object", `the JSON is ${text.slice(0, 80)}`);
  const fault = structureFault(payload, text, parsed);
  if (fault !== undefined) return rejection(fault.reason, fault.detail);
  if (compiled.Check(parsed)) return { ok: true, reading: parsed };
  return explainFields(parsed) ?? rejection("bad_value", "a rule is broken");
}

/** Buffer's decoder is twice as fast as a fatal TextDecoder for short texts, but replaces what is not UTF-8. */
function decode(payload: Uint8Array): string {
  const buffer = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return buffer.toString();
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isUtf8(payload: Uint8Array): boolean {
  try {
    strictUtf8.decode(payload);
    return true;
  } catch {
    return false;
  }
}
