import { type Fleet, type Replay, replayedIds } from "#fleets";
import { bent, mishapsOf } from "./faults.ts";
import { deviceStream } from "./random.ts";
import { readingBytes } from "./reading-payload.ts";
import type { DeviceRange, ReadingDevice, ReadingSource } from "./reading-source.ts";
import type { Recording } from "./recording.ts";
import type { PastReading } from "./schedule.ts";

/**
 * Readings from a recording, mapped onto the present: passes follow each other without a pause, the first began at the
 * epoch. So, as with readings from a seed, what is read at a moment does not depend on when the process was started.
 */
export function replaySource(fleet: Fleet, replay: Replay, recording: Recording): ReadingSource {
  const timetable = new Timetable(recording, replay.speed);
  const ids = replayedIds(replay, fleet.deviceIdPrefix);
  return {
    device: (index) => replayedDevice({ fleet, replay, recording, timetable }, index, ids[index] ?? ""),
    past: (range, sinceMs, untilMs) => pastRows(timetable, range, sinceMs, untilMs),
  };
}

interface Replaying {
  readonly fleet: Fleet;
  readonly replay: Replay;
  readonly recording: Recording;
  readonly timetable: Timetable;
}

function replayedDevice(
  { fleet, replay, recording, timetable }: Replaying,
  index: number,
  sensorId: string,
): ReadingDevice {
  const spec = replay.devices[index];
  if (spec === undefined) throw new RangeError(`no device ${index}`);
  const columns = Object.entries(spec.columns).map(([field, name]) => [field, recording.columns.get(name)] as const);
  const measureAt = (timeMs: number): Readonly<Record<string, number>> => {
    const row = timetable.rowAt(timeMs);
    const values = columns.map(([field, column]) => [field, column?.[row] ?? NaN] as const);
    return Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value)));
  };
  const standing = { sensorId, location: spec.location, ...replay.position };
  const stream = deviceStream(fleet.seed, index);
  return {
    sensorId,
    location: spec.location,
    nextDueMs: (afterMs) => timetable.dueMs(timetable.firstAfter(afterMs)),
    mishapsAt: (timeMs) => mishapsOf(fleet.faults, { stream }, timeMs),
    payload: (name, mishaps) => readingBytes(standing, name, bent(measureAt, name.timeMs, mishaps), mishaps),
  };
}

/** All devices read a row before any goes on to the next. */
function* pastRows(timetable: Timetable, range: DeviceRange, sinceMs: number, untilMs: number): Generator<PastReading> {
  for (let number = timetable.firstAfter(sinceMs - 1); timetable.dueMs(number) < untilMs; number += 1)
    for (let index = range.from; index < range.to; index += 1) yield { index, timeMs: timetable.dueMs(number) };
}

/** When the rows are due, numbered through all passes since the epoch. */
export class Timetable {
  readonly #offsetsMs: Float64Array;
  readonly #speed: number;
  readonly #passMs: number;

  constructor({ offsetsMs, durationMs }: Pick<Recording, "offsetsMs" | "durationMs">, speed: number) {
    this.#offsetsMs = offsetsMs;
    this.#speed = speed;
    this.#passMs = durationMs / speed;
  }

  /** Whole; rises with the number, because rows are several milliseconds apart at this speed. */
  dueMs(number: number): number {
    const rows = this.#offsetsMs.length;
    const row = number % rows;
    return Math.round(((number - row) / rows) * this.#passMs + (this.#offsetsMs[row] ?? 0) / this.#speed);
  }

  /** The first number that is due after a moment. */
  firstAfter(timeMs: number): number {
    const pass = Math.max(0, Math.floor(timeMs / this.#passMs));
    const within = (timeMs - pass * this.#passMs) * this.#speed;
    let number = pass * this.#offsetsMs.length + firstAbove(this.#offsetsMs, within);
    // Rounding may have moved a row across the moment.
    while (number > 0 && this.dueMs(number - 1) > timeMs) number -= 1;
    while (this.dueMs(number) <= timeMs) number += 1;
    return number;
  }

  /** The row that was read last at a moment. */
  rowAt(timeMs: number): number {
    return Math.max(0, this.firstAfter(timeMs) - 1) % this.#offsetsMs.length;
  }
}

/** Index of the first that is greater, by halving. */
function firstAbove(rising: Float64Array, value: number): number {
  let [from, to] = [0, rising.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((rising[middle] ?? Infinity) > value) to = middle;
    else from = middle + 1;
  }
  return from;
}
