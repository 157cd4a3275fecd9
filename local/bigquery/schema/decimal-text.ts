const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;
/** No decimal type of this service holds more digits; also the bound on the work for hostile exponents. */
const MAX_DIGITS = 38;
const NUMERIC_LIMIT = 10n ** BigInt(MAX_DIGITS);

/** NUMERIC has 29 digits before the point and 9 after it. */
export const NUMERIC_PRECISION = MAX_DIGITS;
export const NUMERIC_SCALE = 9;

/**
 * A decimal number as an integer of units of `10^-scale`, e.g. `parseDecimal("1.5", 3)` is `1500n`. Undefined if the
 * text is no number or has more than 38 digits at that scale. Digits beyond the scale are refused, or with `round`
 * rounded half away from zero.
 */
export function parseDecimal(text: string, scale: number, excess: "refuse" | "round" = "refuse"): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  const magnitude = shift(digits, Number(exponent) - fraction.length + scale, excess);
  return magnitude === undefined || sign !== "-" ? magnitude : -magnitude;
}

/** `digits · 10^places` as an integer. */
function shift(digits: string, places: number, excess: "refuse" | "round"): bigint | undefined {
  if (digits === "") return 0n;
  if (digits.length + places > MAX_DIGITS) return undefined;
  if (places >= 0) return BigInt(digits + "0".repeat(places));
  const kept = digits.slice(0, places) || "0";
  const lost = digits.padStart(1 - places, "0").slice(places);
  if (/^0*$/.test(lost)) return BigInt(kept);
  if (excess === "refuse") return undefined;
  return BigInt(kept) + (lost >= "5" && -places <= digits.length ? 1n : 0n);
}

/** NUMERIC times 10^9, with spaces around it; undefined if it has more than 29 digits before or 9 after the point. */
export function parseNumeric(text: string): bigint | undefined {
  return parseDecimal(text.trim(), NUMERIC_SCALE);
}

/** `scaled` if it fits into a NUMERIC. */
export function inNumericRange(scaled: bigint): bigint | undefined {
  return scaled > -NUMERIC_LIMIT && scaled < NUMERIC_LIMIT ? scaled : undefined;
}

/** The reverse: `formatDecimal(1500n, 3)` is `1.5`, without trailing zeros. */
export function formatDecimal(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  const fraction = scale === 0 ? "" : digits.slice(-scale).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
