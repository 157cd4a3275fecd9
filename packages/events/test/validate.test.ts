import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attributesJson,
  MAX_PAYLOAD_BYTES,
  optionalFields,
  payloadFields,
  rejectionReasons,
  revalidateReading,
  validateReading,
  type RejectionReason,
} from "#events";
import { bytes, DAY_MS, encode, NOW_MS, tenants, topicOf, validReadings, type AnyReading } from "./arbitrary.ts";

const HOUR_MS = DAY_MS / 24;

const base = {
  v: 1,
  sensor_id: "s:1",
  boot_id: "b1",
  seq: 7,
  event_time: NOW_MS,
  location: "hall",
  lat: 52.5,
  lon: 13.4,
  temperature_c: 21.5,
} satisfies AnyReading;

const topic = topicOf(base);
const judge = (payload: Uint8Array, onTopic = topic) => validateReading(payload, onTopic, NOW_MS);
const reasonOf = (payload: Uint8Array, onTopic = topic): RejectionReason | "ok" => {
  const verdict = judge(payload, onTopic);
  return verdict.ok ? "ok" : verdict.reason;
};
const changed = (change: Record<string, unknown>): Buffer => encode({ ...base, ...change });
const without = (name: string): Buffer => encode({ ...base, [name]: undefined });
const withText = (find: string, replace: string): Buffer => {
  const text = JSON.stringify(base);
  expect(text).toContain(find);
  return bytes(text.replace(find, replace));
};
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

describe("a valid reading", () => {
  test("goes on with tenant and key, from any slice of a larger buffer", () => {
    const payload = encode(base);
    for (let shift = 0; shift < 5; shift += 1) {
      const chunk = Buffer.concat([Buffer.alloc(shift, ":"), payload, Buffer.from(':"')]);
      const verdict = judge(chunk.subarray(shift, shift + payload.length));
      expect(verdict).toEqual({ ok: true, reading: base, tenant: "house", key: "house/s:1" });
    }
    expect(judge(new Uint8Array(payload)).ok).toBe(true);
  });

  test("of any content round-trips, for the bridge and for later parts", () => {
    fc.assert(
      fc.property(validReadings, tenants, fc.nat(DAY_MS), (reading, tenant, laterMs) => {
        const payload = encode(reading);
        fc.pre(payload.length <= MAX_PAYLOAD_BYTES);
        const verdict = validateReading(payload, topicOf(reading, tenant), NOW_MS);
        const expected = JSON.parse(JSON.stringify(reading)) as unknown;
        expect(verdict).toEqual({ ok: true, reading: expected, tenant, key: `${tenant}/${reading.sensor_id}` });
        expect(revalidateReading(payload, `${tenant}/${reading.sensor_id}`, NOW_MS + laterMs)).toEqual(verdict);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["white space", bytes(JSON.stringify(base, null, 4))],
    ["keys in another order", encode(Object.fromEntries(Object.entries(base).reverse()))],
    ["escapes in keys and texts", withText('"seq"', String.raw`"\u0073eq"`)],
    ["exactly the largest size", bytes(JSON.stringify(base).padEnd(MAX_PAYLOAD_BYTES))],
    ["U+FFFD that is really in the text", changed({ note: "\uFFFD" })],
    ["the deepest nesting", withText('"v":1', `"v":1,"deep":${nested(31)}`)],
    ["equal keys in different objects", changed({ a: { x: 1 }, b: { x: 1 }, x: [{ x: 1 }, { x: 1 }] })],
    ["keys and braces in texts", changed({ note: '"seq":1,{"seq":2}[[', other: "\\" })],
    [
      "no optional field",
      encode({ v: 1, sensor_id: "s:1", boot_id: "b1", seq: 0, event_time: NOW_MS, location: "hall" }),
    ],
    ["a key named __proto__", withText('"v":1', '"v":1,"__proto__":{"v":2}')],
    ["64 characters outside the BMP", encode({ ...base, boot_id: "😀".repeat(36) })],
    ["the earliest time", changed({ event_time: NOW_MS - 30 * DAY_MS })],
    ["the latest time", changed({ event_time: NOW_MS + HOUR_MS })],
    ["the largest seq", changed({ seq: Number.MAX_SAFE_INTEGER })],
    ["values at their ends", changed({ lat: -90, lon: 180, temperature_c: 200, humidity_pct: 0, battery_pct: 100 })],
  ])("may have %s", (_name, payload) => {
    expect(judge(payload)).toMatchObject({ ok: true });
  });
});

describe("a rejected reading has its reason", () => {
  test.each<[RejectionReason, string, Buffer]>([
    ["too_large", "one byte more", bytes(JSON.stringify(base).padEnd(MAX_PAYLOAD_BYTES + 1))],
    ["too_large", "large and broken", Buffer.alloc(1_000_000, 0xff)],
    ["not_utf8", "a byte that never occurs", Buffer.concat([encode(base), Buffer.from([0xff])])],
    ["not_utf8", "Latin-1 in a text", Buffer.from(JSON.stringify({ ...base, note: "ü" }), "latin1")],
    ["not_utf8", "an overlong form", Buffer.concat([Buffer.from([0xc0, 0xaf]), encode(base)])],
    ["not_utf8", "half a surrogate pair in an unknown text", withText('"v":1', String.raw`"v":1,"a":"\ud800"`)],
    ["not_utf8", "half a surrogate pair in boot_id", withText('"b1"', String.raw`"\udfff"`)],
    ["not_json", "nothing", Buffer.alloc(0)],
    ["not_json", "cut", encode(base).subarray(0, -1)],
    ["not_json", "a byte order mark", bytes("\uFEFF" + JSON.stringify(base))],
    ["not_json", "NaN", withText("21.5", "NaN")],
    ["not_json", "two values", bytes(JSON.stringify(base) + "{}")],
    ["not_json", "a control character in a text", withText('"b1"', '"\u0001"')],
    ["not_an_object", "null", bytes("null")],
    ["not_an_object", "an array", encode([base])],
    ["not_an_object", "a text", encode(JSON.stringify(base))],
    ["too_deep", "one level more", withText('"v":1', `"v":1,"deep":${nested(32)}`)],
    ["too_deep", "as deep as fits", withText('"v":1', `"v":1,"deep":${nested(8000)}`)],
    ["too_deep", "deep and of wrong type", withText('"v":1', `"v":${nested(1000)}`)],
    ["duplicate_key", "a known key", withText('"seq":7', '"seq":7,"seq":8')],
    ["duplicate_key", "with the same value", withText('"seq":7', '"seq":7,"seq":7')],
    ["duplicate_key", "hidden by an escape", withText('"seq":7', String.raw`"seq":7,"\u0073eq":8`)],
    ["duplicate_key", "hidden by white space", withText('"seq":7', '"seq" \n:\t7,"seq"\r: 8')],
    ["duplicate_key", "an unknown key", withText('"v":1', '"v":1,"a":1,"a":1')],
    ["duplicate_key", "in a nested object", withText('"v":1', '"v":1,"a":[{"b":1,"b":2}]')],
    ["duplicate_key", "an optional field in place of another", withText('"lon":13.4', '"lat":13.4')],
    ["unsupported_version", "a later one", changed({ v: 2, sensor_id: undefined })],
    ["missing_field", "v", without("v")],
    ["missing_field", "sensor_id", without("sensor_id")],
    ["missing_field", "boot_id", without("boot_id")],
    ["missing_field", "seq", without("seq")],
    ["missing_field", "event_time", without("event_time")],
    ["missing_field", "location", without("location")],
    ["missing_field", "all", bytes("{}")],
    ["wrong_type", "v as text", changed({ v: "1" })],
    ["wrong_type", "seq as text", changed({ seq: "7" })],
    ["wrong_type", "seq with a fraction", changed({ seq: 7.5 })],
    ["wrong_type", "null", changed({ temperature_c: null })],
    ["wrong_type", "an array", changed({ humidity_pct: [1] })],
    ["wrong_type", "sensor_id as a number", changed({ sensor_id: 1 })],
    ["wrong_type", "status as boolean", changed({ status: true })],
    ["wrong_type", "event_time as ISO text", changed({ event_time: "2026-01-01T00:00:00Z" })],
    ["bad_value", "negative seq", changed({ seq: -1 })],
    ["bad_value", "seq beyond exact integers", withText('"seq":7', '"seq":9007199254740992')],
    ["bad_value", "infinite event_time", withText(`"event_time":${NOW_MS}`, '"event_time":1e999')],
    ["bad_value", "infinite temperature", withText("21.5", "1e999")],
    ["bad_value", "too hot", changed({ temperature_c: 200.001 })],
    ["bad_value", "latitude", changed({ lat: 90.5 })],
    ["bad_value", "longitude", changed({ lon: -181 })],
    ["bad_value", "humidity", changed({ humidity_pct: -0.1 })],
    ["bad_value", "battery", changed({ battery_pct: 100.1 })],
    ["bad_value", "unknown status", changed({ status: "OK" })],
    ["bad_value", "empty boot_id", changed({ boot_id: "" })],
    ["bad_value", "long boot_id", changed({ boot_id: "b".repeat(37) })],
    ["bad_value", "long location", changed({ location: "l".repeat(65) })],
    ["bad_value", "sensor_id with a slash", changed({ sensor_id: "a/b" })],
    ["incomplete_position", "no lon", without("lon")],
    ["incomplete_position", "no lat", without("lat")],
    ["id_mismatch", "another device", changed({ sensor_id: "s:2" })],
    ["location_mismatch", "another place", changed({ location: "cellar" })],
    ["event_too_old", "a millisecond", changed({ event_time: NOW_MS - 30 * DAY_MS - 1 })],
    ["event_too_old", "seconds instead of milliseconds", changed({ event_time: NOW_MS / 1000 })],
    ["event_too_new", "a millisecond", changed({ event_time: NOW_MS + HOUR_MS + 1 })],
    ["event_too_new", "the end of numbers", changed({ event_time: Number.MAX_VALUE })],
  ])("%s: %s", (reason, _name, payload) => {
    const verdict = judge(payload);
    expect(verdict).toMatchObject({ ok: false, reason });
    if (!verdict.ok) expect(verdict.detail.length).toBeLessThanOrEqual(300);
  });

  test.each([
    "sensors/house/hall/s:1",
    "sensors/house/hall/s:1/telemetry/",
    "/sensors/house/hall/s:1/telemetry",
    "sensors//hall/s:1/telemetry",
    "sensors/ho:use/hall/s:1/telemetry",
    "sensors/house/+/s:1/telemetry",
    "sensors/house/hall/s 1/telemetry",
    `sensors/house/${"l".repeat(65)}/s:1/telemetry`,
    "",
  ])("bad_topic: %j", (other) => {
    expect(reasonOf(encode(base), other)).toBe("bad_topic");
  });

  test("bad_key: a record that did not come through the bridge", () => {
    for (const key of [undefined, "", "house", "house/", "/s:1", "ho:use/s:1", "house/s/1"])
      expect(revalidateReading(encode(base), key, NOW_MS)).toMatchObject({ reason: "bad_key" });
    expect(revalidateReading(null, "house/s:1", NOW_MS)).toMatchObject({ reason: "not_json" });
    expect(revalidateReading(encode(base), "house/s:2", NOW_MS)).toMatchObject({ reason: "id_mismatch" });
  });
});

/** Ways to break any valid reading, with the one reason each must get whatever else the reading holds. */
const breakers: Readonly<
  Record<string, (reading: AnyReading, any: number) => { payload: Buffer; reason: RejectionReason }>
> = {
  cut: (reading, any) => {
    const payload = encode({ v: 1, sensor_id: reading.sensor_id, seq: any });
    return { payload: payload.subarray(0, any % payload.length), reason: "not_json" };
  },
  huge: (reading) => ({ payload: encode({ ...reading, filler: "x".repeat(MAX_PAYLOAD_BYTES) }), reason: "too_large" }),
  "not UTF-8": (reading, any) => {
    const payload = encode(reading);
    payload[any % payload.length] = 0xff;
    return { payload, reason: "not_utf8" };
  },
  "not an object": (reading) => ({ payload: encode([reading]), reason: "not_an_object" }),
  deep: (reading, any) => ({
    payload: bytes(`${JSON.stringify(reading).slice(0, -1)},"deep":${nested(40 + (any % 500))}}`),
    reason: "too_deep",
  }),
  "same key twice": (reading, any) => {
    const [name, value] = Object.entries(reading)[any % Object.keys(reading).length]!;
    const again = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    return { payload: bytes(`${JSON.stringify(reading).slice(0, -1)},${again}}`), reason: "duplicate_key" };
  },
  "required field missing": (reading, any) => {
    const names = ["v", "sensor_id", "boot_id", "seq", "event_time", "location"];
    return { payload: encode({ ...reading, [names[any % names.length]!]: undefined }), reason: "missing_field" };
  },
  "wrong type": (reading, any) => {
    const [name] = payloadFields[any % payloadFields.length]!;
    const wrong = [null, true, [], {}][any % 4];
    return { payload: encode({ ...reading, [name]: wrong }), reason: "wrong_type" };
  },
  "later version": (reading, any) => ({ payload: encode({ ...reading, v: any + 2 }), reason: "unsupported_version" }),
  "value out of range": (reading, any) => {
    const bad = [
      { seq: -1 - any },
      { temperature_c: 201 + any },
      { lat: 91, lon: 0 },
      { battery_pct: -1 },
      { status: "?" },
    ];
    return { payload: encode({ ...reading, ...bad[any % bad.length] }), reason: "bad_value" };
  },
  "other device": (reading) => ({
    payload: encode({ ...reading, sensor_id: reading.sensor_id === "a" ? "b" : "a" }),
    reason: "id_mismatch",
  }),
  "other place": (reading) => ({
    payload: encode({ ...reading, location: reading.location === "a" ? "b" : "a" }),
    reason: "location_mismatch",
  }),
  past: (reading, any) => ({
    payload: encode({ ...reading, event_time: NOW_MS - 30 * DAY_MS - 1 - any }),
    reason: "event_too_old",
  }),
  future: (reading, any) => ({
    payload: encode({ ...reading, event_time: NOW_MS + HOUR_MS + 1 + any }),
    reason: "event_too_new",
  }),
};

test.each(Object.keys(breakers))("any valid reading broken by '%s' gets exactly that reason", (name) => {
  fc.assert(
    fc.property(validReadings, fc.nat(), (reading, any) => {
      fc.pre(encode(reading).length < 8000);
      const { payload, reason } = breakers[name]!(reading, any);
      expect(judge(payload, topicOf(reading))).toMatchObject({ ok: false, reason });
    }),
    { numRuns: 300 },
  );
});

test("any bytes at all get a verdict, the same each time, and never an exception", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), fc.string(), (payload, anyTopic) => {
      const verdict = judge(payload, topic);
      expect(verdict).toEqual(judge(payload, topic));
      if (!verdict.ok) expect(Object.keys(rejectionReasons)).toContain(verdict.reason);
      expect(judge(payload, anyTopic)).toMatchObject({ ok: false, reason: "bad_topic" });
    }),
    { numRuns: 1000 },
  );
});

test("each optional field counts as known: otherwise every reading with it would take the slow way", () => {
  const samples: Record<string, unknown> = {
    status: "ok",
    lat: 1,
    lon: 1,
    temperature_c: 1,
    humidity_pct: 1,
    battery_pct: 1,
  };
  expect(Object.keys(samples).sort()).toEqual([...optionalFields].sort());
  // A duplicate is found by the count alone, so a field that is not counted would hide exactly one duplicate.
  for (const name of optionalFields) {
    const reading = { ...base, lat: undefined, lon: undefined, temperature_c: undefined, [name]: samples[name] };
    const text = JSON.stringify(reading).replace('"seq":7', '"seq":7,"seq":7');
    expect(reasonOf(bytes(text))).toBe("duplicate_key");
  }
});

test("attributes are what the schema does not know", () => {
  const verdict = judge(withText('"v":1', '"v":1,"a":{"b":[1,null]},"__proto__":{"v":2},"tenant":"x"'));
  if (!verdict.ok) throw new Error(verdict.reason);
  expect(attributesJson(verdict.reading)).toBe('{"a":{"b":[1,null]},"__proto__":{"v":2},"tenant":"x"}');
  const plain = judge(encode(base));
  expect(plain.ok && attributesJson(plain.reading)).toBe(undefined);
});
