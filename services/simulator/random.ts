/**
 * Random numbers without state: each is a pure function of seed, device, purpose and number, so that nothing depends on
 * the order of calls or on how many devices there are, and a restarted process goes on with the same numbers.
 *
 * The generator is Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC '11, https://doi.org/10.1145/2063384.2063405. It encrypts a counter of four words with a key of two.
 */

/** 32-bit words, each from 0 to 2^32 - 1. */
export type Key = readonly [number, number];
export type Block = readonly [number, number, number, number];

/** Whose numbers: no two devices of a seed share any. */
export interface Stream {
  readonly key: Key;
}

/** What a number is drawn for; draws for different purposes are independent. The numbers are part of every seed. */
export const purposes = {
  placement: 1,
  traits: 2,
  phase: 3,
  jitter: 4,
  noise: 5,
  temperatureDrift: 6,
  humidityDrift: 7,
  /** This and all above it belong to faults, one for each rule. */
  fault: 1000,
} as const;

/** Above the number of every device: free for draws that belong to no device. */
const FLEET = 0xff_ff_ff_ff;

export function deviceStream(seed: number, index: number): Stream {
  return { key: [seed, index] };
}

/** Draws that concern the fleet and no single device. */
export function fleetStream(seed: number): Stream {
  return { key: [seed, FLEET] };
}

/** Four independent numbers from [0, 1). `number` is whole, from 0 to 2^53 - 1. */
export function uniforms(stream: Stream, purpose: number, number: number): Block {
  const low = number >>> 0;
  const high = Math.floor(number / WORD);
  const [a, b, c, d] = philox([low, high, purpose, 0], stream.key);
  return [a / WORD, b / WORD, c / WORD, d / WORD];
}

/**
 * Two independent numbers with mean 0 and standard deviation 1, never beyond 6.7: G. E. P. Box, M. E. Muller, "A note on
 * the generation of random normal deviates", 1958, https://doi.org/10.1214/aoms/1177706645.
 */
export function gaussians(stream: Stream, purpose: number, number: number): readonly [number, number] {
  const [a, b] = uniforms(stream, purpose, number);
  const radius = Math.sqrt(-2 * Math.log(1 - a));
  return [radius * Math.cos(2 * Math.PI * b), radius * Math.sin(2 * Math.PI * b)];
}

const WORD = 2 ** 32;
const ROUNDS = 10;
const MULTIPLIERS = [0xd2_51_1f_53, 0xcd_9e_8d_57] as const;
const KEY_STEPS = [0x9e_37_79_b9, 0xbb_67_ae_85] as const;

/** One block of Philox4x32-10. */
export function philox(counter: Block, key: Key): Block {
  let [a, b, c, d] = counter;
  let [left, right] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const high = multiplyHigh(MULTIPLIERS[0], a);
    const low = Math.imul(MULTIPLIERS[0], a);
    a = multiplyHigh(MULTIPLIERS[1], c) ^ b ^ left;
    b = Math.imul(MULTIPLIERS[1], c);
    c = high ^ d ^ right;
    d = low;
    left = (left + KEY_STEPS[0]) | 0;
    right = (right + KEY_STEPS[1]) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The upper 32 bits of the product of two words, by halves: a double holds 53 bits only. */
function multiplyHigh(x: number, y: number): number {
  const xLow = x & 0xff_ff;
  const xHigh = x >>> 16;
  const yLow = y & 0xff_ff;
  const yHigh = y >>> 16;
  const first = xHigh * yLow + ((xLow * yLow) >>> 16);
  const second = xLow * yHigh + (first & 0xff_ff);
  return (xHigh * yHigh + (first >>> 16) + (second >>> 16)) | 0;
}
