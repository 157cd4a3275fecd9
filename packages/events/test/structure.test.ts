import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_PAYLOAD_BYTES } from "#events";
import { countColons } from "../structure.ts";

/** Bytes around the colon, with the high bit and without: the ones that a trick with bits would mistake. */
const tricky = fc.constantFrom(0x00, 0x01, 0x39, 0x3a, 0x3b, 0x7f, 0x80, 0xb9, 0xba, 0xbb, 0xff);

test("colons are counted as a loop over the bytes counts them, whatever was counted before", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.array(tricky, { maxLength: 50 }), (any, few) => {
      for (const payload of [any, Uint8Array.from(few)])
        expect(countColons(payload)).toBe(payload.filter((byte) => byte === 0x3a).length);
    }),
  );
});

test.each([0, 1, 3, 4, 1019, 1020, 1021, MAX_PAYLOAD_BYTES])("%i colons are all counted", (count) => {
  expect(countColons(new Uint8Array(count).fill(0x3a))).toBe(count);
});
