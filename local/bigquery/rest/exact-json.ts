import { ApiError } from "./api-error.ts";

/** What `JSON.rawJSON` makes: a number kept as it was written, which `JSON.stringify` writes again unchanged. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** Node 24 has these; TypeScript's library does not declare them yet. */
const exactJson = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** 16 digits (one may be the point) or a three-digit exponent: only then can a double have lost something. */
const LONG_NUMBER = /\d[\d.]{14}\d|\d[eE][+-]?\d{3}/;
const NUMBER_PARTS = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Parses JSON without losing digits: a number that a double cannot hold becomes a {@link RawNumber}, so that 64-bit
 * integers and NUMERIC values sent as JSON numbers arrive exactly. Costs extra only for texts with such numbers.
 */
export function parseJson(text: string): unknown {
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text);
    return exactJson.parse(text, (_, value, { source }) =>
      typeof value === "number" ? exactly(value, source) : value,
    );
  } catch {
    throw new ApiError("parseError", "Parse Error: the request's body is not JSON.");
  }
}

/** The text of a number in a parsed document, or undefined if the value is no number. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return exactJson.isRawJSON(value) ? value.rawJSON : undefined;
}

function exactly(value: number, source: string | undefined): unknown {
  if (source === undefined || canonical(source) === canonical(String(value))) return value;
  return exactJson.rawJSON(source);
}

/** Digits and exponent of a decimal number without leading and trailing zeros: equal texts are equal numbers. */
function canonical(text: string): string {
  const [, whole = "", fraction = "", exponent = "0"] = NUMBER_PARTS.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
