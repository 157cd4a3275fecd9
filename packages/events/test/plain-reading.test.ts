import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { optionalFields, type Reading } from "#events";
import { readClosely } from "../close-reading.ts";
import { readPlain } from "../plain-reading.ts";
import { PlainTexts } from "../plain-texts.ts";
import { bytes, DAY_MS, encode, NOW_MS, validReadings, type AnyReading } from "./arbitrary.ts";

const base = {
  v: 1,
  sensor_id: "s:1",
  boot_id: "3f2a9c1b5d7e4f60",
  seq: 7,
  event_time: NOW_MS,
  location: "küche",
  lat: 52.52,
  lon: 13.405,
  temperature_c: 21.5,
  humidity_pct: 40,
  battery_pct: 88.2,
  status: "ok",
} satisfies AnyReading;
const text = JSON.stringify(base);

const textsOf = ({ sensor_id: sensorId, location }: { sensor_id: string; location: string }, knows = true) =>
  new PlainTexts({ sensorId, location: knows ? location : undefined });

/** The short way may give up on any payload, but what it reads is what the long way reads. */
function plainAsClosely(payload: Uint8Array, texts: PlainTexts): Reading | undefined {
  const plain = readPlain(payload, texts);
  if (plain !== undefined) expect({ ok: true, reading: plain }).toStrictEqual(readClosely(payload));
  return plain;
}

/** Any order of the fields, and white space wherever JSON allows it. */
const spaces = fc.array(fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 }), { minLength: 1 });
const spelled = fc.tuple(validReadings, spaces, fc.nat(), fc.nat(7)).map(([reading, gaps, turn, decimals]) => {
  const isMeasured = (name: string): boolean => /^(lat|lon|.*_(c|pct))$/.test(name);
  const rounded = Object.entries(reading)
    .filter(([name]) => decimals === 0 || !name.startsWith("x"))
    .map(([name, value]) => [name, isMeasured(name) ? Number((value as number).toFixed(decimals)) : value] as const);
  const entries = rounded.sort(([a], [b]) => ((a.length * turn) % 7) - ((b.length * turn) % 7));
  let next = 0;
  const gap = (): string => gaps[(next += 1) % gaps.length] ?? "";
  const members = entries.map(
    ([name, value]) => `${gap()}${JSON.stringify(name)}${gap()}:${gap()}${JSON.stringify(value)}${gap()}`,
  );
  return { reading, payload: bytes(`${gap()}{${members.join(",")}}`) };
});

describe("what is read in one pass is what JSON.parse and the compiled schema read", () => {
  test("of any valid reading, however it is spelled, with the location known and not", () => {
    let plain = 0;
    fc.assert(
      fc.property(spelled, fc.boolean(), ({ reading, payload }, knows) => {
        if (plainAsClosely(payload, textsOf(reading, knows)) !== undefined) plain += 1;
      }),
      { numRuns: 2000 },
    );
    // Attributes, exponents, and letters beyond ASCII in boot_id are left to the long way.
    expect(plain).toBeGreaterThan(100);
  });

  /** What the mistakes of a reader would be about. */
  const pieces = [
    ...'"\\,:{}[]-+.0123456789eE \n\0'.split(""),
    ...["ü", "\uFFFD", '"v":1,', ',"seq":7', '"lat":', "null", "1.5", "-0", "00"],
    ...["1e3", "0.1234567890123456789", "123456789012345678901234567890", String.raw`\u0041`, '":"', "}{", "\u007f"],
  ].map((piece) => bytes(piece));
  const change = fc.record({ at: fc.nat(text.length), remove: fc.nat(3), piece: fc.constantFrom(...pieces) });

  test("of a good reading that was cut and pasted anywhere", () => {
    const texts = textsOf(base);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let payload = encode(base);
        for (const { at, remove, piece } of changes)
          payload = Buffer.concat([payload.subarray(0, at), piece, payload.subarray(at + remove)]);
        plainAsClosely(payload, texts);
      }),
      { numRuns: 20_000 },
    );
  });

  test("of a good reading with any one byte changed to any other", () => {
    const texts = textsOf(base);
    for (let at = 0; at < Buffer.byteLength(text); at += 1)
      for (const byte of [
        0, 0x1f, 0x20, 0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x39, 0x3a, 0x5c, 0x65, 0x7d, 0x7f, 0x80, 0xff,
      ]) {
        const payload = encode(base);
        payload[at] = byte;
        plainAsClosely(payload, texts);
      }
  });

  const number = fc.oneof(
    fc.double().map(String),
    fc
      .tuple(fc.integer(), fc.string({ unit: fc.constantFrom(..."0123456789".split("")), maxLength: 25 }))
      .map((n) => n.join(".")),
    fc.maxSafeInteger().map(String),
    fc.string({ unit: fc.constantFrom(..."-.0123456789eE".split("")), maxLength: 20 }),
  );

  test("of any number in any field, to the last bit", () => {
    const fields = ["v", "seq", "event_time", "lat", "temperature_c"];
    fc.assert(
      fc.property(fc.constantFrom(...fields), number, (name, digits) => {
        const payload = bytes(text.replace(new RegExp(`"${name}":[^,]*`), `"${name}":${digits}`));
        plainAsClosely(payload, textsOf(base));
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("the short way is taken", () => {
  const isPlain = (payload: Uint8Array, texts = textsOf(base)): boolean => plainAsClosely(payload, texts) !== undefined;

  test("by a reading as devices write it, also without an optional field, for topic and key", () => {
    expect(isPlain(encode(base))).toBe(true);
    for (const name of optionalFields) expect(isPlain(encode({ ...base, [name]: undefined }))).toBe(true);
    expect(isPlain(encode({ ...base, location: "hall" }), textsOf(base, false))).toBe(true);
    expect(isPlain(bytes(text.replaceAll(",", ", ").replaceAll(":", ": ").replace("s: 1", "s:1")))).toBe(true);
    expect(isPlain(encode({ ...base, temperature_c: 21.500000000000004, seq: Number.MAX_SAFE_INTEGER }))).toBe(true);
  });

  test("again after a device has started anew, and never with the texts of another", () => {
    const texts = textsOf(base);
    for (const boot_id of ["a", "b", "b}", "a", "x".repeat(36)]) {
      expect(isPlain(encode({ ...base, boot_id }), texts)).toBe(true);
      expect(isPlain(encode({ ...base, boot_id }), texts)).toBe(true);
    }
    expect(isPlain(encode({ ...base, boot_id: "x".repeat(37) }), texts)).toBe(false);
    expect(isPlain(encode({ ...base, sensor_id: "s:2" }), texts)).toBe(false);
    expect(isPlain(encode({ ...base, location: "hall" }), texts)).toBe(false);
  });

  test.each([
    ["an attribute", encode({ ...base, note: 1 })],
    ["an escape", bytes(text.replace('"boot_id":"', String.raw`"boot_id":"\/`))],
    ["a key twice", bytes(text.replace('"seq":7', '"seq":7,"seq":7'))],
    ["a field too few", encode({ ...base, event_time: undefined })],
    ["a fraction of a whole number", encode({ ...base, seq: 7.5 })],
    ["a value out of range", encode({ ...base, event_time: NOW_MS, humidity_pct: 100.5 })],
    ["a comma at the end", bytes(`${text.slice(0, -1)},}`)],
  ])("but not with %s", (_name, payload) => {
    expect(isPlain(payload)).toBe(false);
  });

  test("nor for a place whose name JSON must escape", () => {
    for (const location of ['a"b', "a\\b", "a\u0001b", "\ud800"]) {
      const raw = bytes(text.replace("küche", location));
      expect(isPlain(raw, textsOf({ ...base, location }))).toBe(false);
      expect(isPlain(encode({ ...base, location }), textsOf({ ...base, location }))).toBe(false);
    }
  });
});

test("times are told by the bridge's window and not by the reader", () => {
  expect(readPlain(encode({ ...base, event_time: NOW_MS - 99 * DAY_MS }), textsOf(base))).toBeDefined();
});
