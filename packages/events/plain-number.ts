const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const LOWER_E = 0x65;
const UPPER_E = 0x45;

/** So many decimal digits are always an exact double, and so is the power of ten to divide by. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** The number that {@link numberEnd} has read last. A second result, and no object for each number. */
export let numberRead = 0;

/**
 * Reads a JSON number without an exponent (https://www.rfc-editor.org/rfc/rfc8259#section-6) that ends before the end of
 * the bytes. Gives the index behind it, -1 if there is none. The value is what `JSON.parse` gives: the quotient of two
 * exact doubles is the double nearest to the decimal number, as long as it has few digits; others go through `Number`.
 */
export function numberEnd(bytes: Uint8Array, start: number): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let at = first;
  let digits = 0;
  let digit = digitAt(bytes, at);
  for (; digit >= 0 && digit <= 9; digit = digitAt(bytes, (at += 1))) digits = digits * 10 + digit;
  const whole = at - first;
  if (whole === 0 || (whole > 1 && bytes[first] === ZERO)) return -1;
  let decimals = 0;
  if (bytes[at] === POINT) {
    at += 1;
    digit = digitAt(bytes, at);
    for (; digit >= 0 && digit <= 9; digit = digitAt(bytes, (at += 1))) {
      digits = digits * 10 + digit;
      decimals += 1;
    }
    if (decimals === 0) return -1;
  }
  if (bytes[at] === LOWER_E || bytes[at] === UPPER_E) return -1;
  if (whole + decimals > EXACT_DIGITS) numberRead = Number(asciiText(bytes, start, at));
  else {
    const value = decimals === 0 ? digits : digits / (POWERS_OF_TEN[decimals] as number);
    numberRead = isNegative ? -value : value;
  }
  return at;
}

/** The bytes as text, each being below 0x80. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

function digitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) - ZERO;
}
