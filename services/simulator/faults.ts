import { type EpisodeFault, type Fault, type FaultType, type MeasuredField, measuredFields } from "#fleets";
import type { VirtualDevice } from "./device.ts";
import { limited, measure, type Measurement } from "./measure.ts";
import { purposes, uniforms, type Block } from "./random.ts";
import { corruptions, type Corruption } from "./corrupt-payload.ts";

/** What goes wrong with one reading. Several rules of a kind add up; of delays the longest counts. */
export interface Mishaps {
  /** The faults that struck, one for each rule. */
  readonly struck: readonly FaultType[];
  /** The device is off the network until then; the reading is made, and sent afterwards. */
  readonly offlineUntilMs: number | undefined;
  /** How often it is published beyond once. */
  readonly extraCopies: number;
  /** How long after its time it is published. */
  readonly delayMs: number;
  /** It is published after the reading that follows it. */
  readonly afterNext: boolean;
  /** How its bytes are broken: the reading will be rejected, and only such a one. */
  readonly corruption: Corruption | undefined;
  /** How far the device's clock is ahead; below 0: behind. */
  readonly clockOffsetMs: number;
  /** Values that have not moved since a moment. */
  readonly stuck: readonly { readonly field: MeasuredField; readonly sinceMs: number }[];
  /** What is added to values. */
  readonly offsets: readonly { readonly field: MeasuredField; readonly by: number }[];
}

export const noMishaps: Mishaps = {
  struck: [],
  offlineUntilMs: undefined,
  extraCopies: 0,
  delayMs: 0,
  afterNext: false,
  corruption: undefined,
  clockOffsetMs: 0,
  stuck: [],
  offsets: [],
};

/** Decides for one reading: a pure function of rules, device and moment (whole, from 0). */
export function mishapsOf(faults: readonly Fault[], device: Pick<VirtualDevice, "stream">, timeMs: number): Mishaps {
  return faults.reduce((mishaps, fault, rule) => {
    if ("every" in fault) {
      const episode = episodeAt(fault, rule, device, timeMs);
      return episode === undefined ? mishaps : duringEpisode(struckBy(mishaps, fault), fault, episode, timeMs);
    }
    const draw = uniforms(device.stream, purposes.fault + 2 * rule, timeMs);
    return draw[0] < fault.readings ? hit(struckBy(mishaps, fault), fault, draw) : mishaps;
  }, noMishaps);
}

function struckBy(mishaps: Mishaps, { type }: Fault): Mishaps {
  return { ...mishaps, struck: [...mishaps.struck, type] };
}

/** What the device reports, with stuck, drifting and jumping values; from the true measurements only. */
export function measureWithMishaps(device: VirtualDevice, timeMs: number, mishaps: Mishaps): Measurement {
  return bent((atMs) => measure(device, atMs), timeMs, mishaps);
}

/** Bends what was measured; a field that is not measured stays away. */
export function bent<Measured extends { readonly [Field in MeasuredField]?: number }>(
  measureAt: (timeMs: number) => Measured,
  timeMs: number,
  mishaps: Mishaps,
): Measured {
  const truth = measureAt(timeMs);
  if (mishaps.stuck.length + mishaps.offsets.length === 0) return truth;
  const values: { [Field in MeasuredField]?: number } = {};
  for (const name of measuredFields) if (truth[name] !== undefined) values[name] = truth[name];
  for (const { field, sinceMs } of mishaps.stuck) {
    const value = measureAt(sinceMs)[field];
    if (values[field] !== undefined && value !== undefined) values[field] = value;
  }
  for (const { field, by } of mishaps.offsets)
    if (values[field] !== undefined) values[field] = limited(field, values[field] + by);
  return { ...truth, ...values };
}

interface Episode {
  readonly startMs: number;
  readonly endMs: number;
}

/** The episode that a moment lies in: one in each `every` since the epoch, beginning anywhere that it fits whole. */
function episodeAt(
  fault: EpisodeFault,
  rule: number,
  device: Pick<VirtualDevice, "stream">,
  timeMs: number,
): Episode | undefined {
  const purpose = purposes.fault + 2 * rule;
  if (uniforms(device.stream, purpose + 1, 0)[0] >= fault.devices) return undefined;
  const slot = Math.floor(timeMs / fault.every);
  const [beginning] = uniforms(device.stream, purpose, slot);
  const startMs = slot * fault.every + Math.floor(beginning * (fault.every - fault.duration + 1));
  const endMs = startMs + fault.duration;
  return timeMs >= startMs && timeMs < endMs ? { startMs, endMs } : undefined;
}

function duringEpisode(mishaps: Mishaps, fault: EpisodeFault, { startMs, endMs }: Episode, timeMs: number): Mishaps {
  switch (fault.type) {
    case "Disconnect":
      return { ...mishaps, offlineUntilMs: Math.max(mishaps.offlineUntilMs ?? 0, endMs) };
    case "StuckValue":
      return { ...mishaps, stuck: [...mishaps.stuck, { field: fault.field, sinceMs: startMs }] };
    case "Drift":
      return withOffset(mishaps, fault.field, (fault.perHour * (timeMs - startMs)) / HOUR_MS);
    case "ClockSkew":
      return { ...mishaps, clockOffsetMs: mishaps.clockOffsetMs + fault.offsetSeconds * 1000 };
  }
}

const HOUR_MS = 3_600_000;

function hit(mishaps: Mishaps, fault: Exclude<Fault, EpisodeFault>, draw: Block): Mishaps {
  switch (fault.type) {
    case "Duplicate":
      return { ...mishaps, extraCopies: mishaps.extraCopies + 1 };
    case "Late":
      return { ...mishaps, delayMs: Math.max(mishaps.delayMs, fault.delay) };
    case "OutOfOrder":
      return { ...mishaps, afterNext: true };
    case "CorruptPayload":
      return { ...mishaps, corruption: corruptions[Math.floor(draw[1] * corruptions.length)] };
    case "Spike":
      return withOffset(mishaps, fault.field, fault.by);
  }
}

function withOffset(mishaps: Mishaps, field: MeasuredField, by: number): Mishaps {
  return { ...mishaps, offsets: [...mishaps.offsets, { field, by }] };
}
