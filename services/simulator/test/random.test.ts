import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceStream, fleetStream, gaussians, philox, uniforms, type Block, type Key } from "../random.ts";
import { deviation, mean } from "./fleets.ts";

const ALL = 0xff_ff_ff_ff;

/** https://github.com/DEShawResearch/random123, tests/kat_vectors, "philox4x32 10". */
test.each<{ counter: Block; key: Key; block: Block }>([
  { counter: [0, 0, 0, 0], key: [0, 0], block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  { counter: [ALL, ALL, ALL, ALL], key: [ALL, ALL], block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
])("Philox gives the published block for $counter", ({ counter, key, block }) => {
  expect(philox(counter, key)).toEqual(block);
});

describe("uniforms", () => {
  test("lie in [0, 1)", () => {
    fc.assert(
      fc.property(fc.nat(), fc.maxSafeNat(), (seed, number) => {
        for (const value of uniforms(deviceStream(seed, 1), 1, number)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThan(1);
        }
      }),
    );
  });

  test("differ by seed, device, purpose and number, also above 32 bits", () => {
    const draws = [
      uniforms(deviceStream(1, 1), 1, 1),
      uniforms(deviceStream(2, 1), 1, 1),
      uniforms(deviceStream(1, 2), 1, 1),
      uniforms(deviceStream(1, 1), 2, 1),
      uniforms(deviceStream(1, 1), 1, 2),
      uniforms(deviceStream(1, 1), 1, 1 + 2 ** 32),
      uniforms(fleetStream(1), 1, 1),
    ];
    expect(new Set(draws.map(String)).size).toBe(draws.length);
  });
});

test("Gaussians have mean 0, deviation 1, and two of them are independent", () => {
  const pairs = Array.from({ length: 20_000 }, (_, number) => gaussians(deviceStream(3, 4), 5, number));
  for (const side of [0, 1] as const) {
    const values = pairs.map((pair) => pair[side]);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(deviation(values)).toBeCloseTo(1, 1);
    expect(values.filter((value) => Math.abs(value) < 1).length / values.length).toBeCloseTo(0.683, 1);
  }
  expect(Math.abs(mean(pairs.map(([a, b]) => a * b)))).toBeLessThan(0.03);
});
