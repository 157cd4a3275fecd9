import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { telemetryTopic, validateReading } from "#events";
import { ConfigError } from "#runtime";
import { noMishaps } from "../faults.ts";
import { readFleetFile, readSource } from "../fleet-file.ts";
import { readRecording } from "../recording.ts";
import { replaySource, Timetable } from "../replay-source.ts";
import { fleet, NOW_MS } from "./fleets.ts";

const HOUSE = fileURLToPath(new URL("../../../fleets/house.yaml", import.meta.url));
const house = readFleetFile(HOUSE);
const source = readSource(HOUSE, house);

const directory = mkdtempSync(join(tmpdir(), "replay-"));
const replaySpec = (columns: Record<string, string> = { temperature_c: "T", wind_ms: "W" }) => ({
  file: "x.csv",
  timeColumn: "date",
  devices: [{ location: "roof", columns }],
});
const CSV = "date,T,W\n2020-01-01 00:00:00,1.5,7\n2020-01-01 00:01:00,,8\n2020-01-01 00:03:00,-2,9\n";

function recordingOf(csv: string, columns?: Record<string, string>) {
  const path = join(directory, "x.csv");
  writeFileSync(path, csv);
  return readRecording(path, fleet({ replay: replaySpec(columns) }).replay!);
}

describe("a recording", () => {
  test("gives offsets, columns, and a pass that ends one shortest gap behind the last row", () => {
    const recording = recordingOf(CSV);
    expect([...recording.offsetsMs]).toEqual([0, 60_000, 180_000]);
    expect(recording.durationMs).toBe(240_000);
    expect([...recording.columns.get("T")!]).toEqual([1.5, NaN, -2]);
  });

  test("may be gzipped", () => {
    const path = join(directory, "x.csv.gz");
    writeFileSync(path, gzipSync(CSV));
    expect(readRecording(path, fleet({ replay: replaySpec() }).replay!).durationMs).toBe(240_000);
  });

  test.each<{ what: string; csv: string; problem: RegExp; columns?: Record<string, string> }>([
    { what: "a missing column", csv: CSV.replace("W", "V"), problem: /x\.csv:1: has no column W; it has date, T, V/ },
    { what: "a bad time", csv: CSV.replace("2020-01-01 00:01", "at noon"), problem: /x\.csv:3: column date must be/ },
    { what: "time that goes back", csv: CSV.replace("00:03", "00:01"), problem: /x\.csv:4: .*must be later/ },
    { what: "no number", csv: CSV.replace("1.5", "warm"), problem: /x\.csv:2: column T must be a number; given: warm/ },
    { what: "hexadecimal", csv: CSV.replace("1.5", "0x10"), problem: /x\.csv:2: column T must be a number/ },
    { what: "what no reading may hold", csv: CSV.replace("-2", "-99"), problem: /x\.csv:4: .*from -90 to 200/ },
    { what: "a row with too many cells", csv: CSV.replace(",7", ",7,7"), problem: /x\.csv:2: / },
    { what: "one row", csv: CSV.split("\n").slice(0, 2).join("\n"), problem: /x\.csv:1: must have at least two rows/ },
  ])("$what is refused with file, line and column", ({ csv, problem, columns }) => {
    const read = (): unknown => recordingOf(csv, columns);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(problem);
  });

  test("too fast is refused", () => {
    const path = join(directory, "x.csv");
    writeFileSync(path, CSV);
    const { replay } = fleet({ replay: { ...replaySpec(), speed: 10_000 } });
    expect(() => readRecording(path, replay!)).toThrow(/too close for a speed of 10000/);
  });
});

describe("the timetable", () => {
  const timetables = fc
    .tuple(fc.array(fc.integer({ min: 60_000, max: 20_000_000 }), { minLength: 2, maxLength: 50 }), fc.nat(1799))
    .map(([gapsMs, speed]) => {
      const offsetsMs = Float64Array.from(gapsMs, (_, row) => gapsMs.slice(0, row).reduce((sum, gap) => sum + gap, 0));
      return new Timetable({ offsetsMs, durationMs: gapsMs.reduce((sum, gap) => sum + gap, 0) }, speed + 1);
    });

  test("due times are whole and rise, and firstAfter finds the first", () => {
    fc.assert(
      fc.property(timetables, fc.integer({ min: 0, max: NOW_MS }), (timetable, timeMs) => {
        const number = timetable.firstAfter(timeMs);
        const dueMs = timetable.dueMs(number);
        expect(Number.isInteger(dueMs) && dueMs > timeMs).toBe(true);
        if (number > 0) expect(timetable.dueMs(number - 1)).toBeLessThanOrEqual(timeMs);
        expect(timetable.firstAfter(dueMs)).toBe(number + 1);
      }),
    );
  });

  test("begins again without a pause", () => {
    const timetable = new Timetable({ offsetsMs: Float64Array.of(0, 1000, 3000), durationMs: 4000 }, 10);
    expect(Array.from({ length: 7 }, (_, number) => timetable.dueMs(number))).toEqual([
      0, 100, 300, 400, 500, 700, 800,
    ]);
    expect([0, 99, 100, 350, 400].map((timeMs) => timetable.rowAt(timeMs))).toEqual([0, 0, 1, 2, 0]);
  });
});

describe("the house", () => {
  const readingAt = (index: number, timeMs: number): Record<string, unknown> =>
    JSON.parse(source.device(index).payload({ bootId: "b", seq: 0, timeMs }, noMishaps).toString()) as never;

  test("has ten devices whose readings are valid, several in half a minute", () => {
    for (let index = 0; index < house.devices; index += 1) {
      const device = source.device(index);
      const topic = telemetryTopic({ tenant: "house", location: device.location, sensorId: device.sensorId });
      let count = 0;
      for (let dueMs = device.nextDueMs(NOW_MS); dueMs <= NOW_MS + 30_000; dueMs = device.nextDueMs(dueMs)) {
        count += 1;
        const payload = device.payload({ bootId: "b", seq: count, timeMs: dueMs }, noMishaps);
        expect(validateReading(payload, topic, NOW_MS)).toMatchObject({ ok: true, reading: { event_time: dueMs } });
      }
      expect(count).toBeGreaterThan(5);
    }
    expect(house.devices).toBe(10);
  });

  test("says what was recorded, row for row", () => {
    const dueMs = source.device(0).nextDueMs(NOW_MS);
    const recording = readRecording(join(HOUSE, "../data/house.csv.gz"), house.replay!);
    const timetable = new Timetable(recording, house.replay!.speed);
    const row = timetable.rowAt(dueMs);
    expect(readingAt(0, dueMs)).toMatchObject({
      sensor_id: "house-kitchen",
      temperature_c: recording.columns.get("T1")![row],
      humidity_pct: recording.columns.get("RH_1")![row],
    });
    expect(readingAt(9, dueMs)).toMatchObject({ energy_wh: recording.columns.get("Appliances")![row] });
    expect(readingAt(9, dueMs)).not.toHaveProperty("temperature_c");
  });

  test("faults bend what was recorded, and leave alone what is not measured", () => {
    const bentSource = replaySource(
      {
        ...house,
        faults: fleet({ faults: [{ type: "Spike", field: "temperature_c", by: 40, readings: "100%" }] }).faults,
      },
      house.replay!,
      readRecording(join(HOUSE, "../data/house.csv.gz"), house.replay!),
    );
    const dueMs = source.device(0).nextDueMs(NOW_MS);
    const spiked = (index: number): Record<string, unknown> => {
      const device = bentSource.device(index);
      return JSON.parse(
        device.payload({ bootId: "b", seq: 0, timeMs: dueMs }, device.mishapsAt(dueMs)).toString(),
      ) as never;
    };
    expect(spiked(0)["temperature_c"]).toBeCloseTo((readingAt(0, dueMs)["temperature_c"] as number) + 40, 2);
    expect(spiked(9)).toEqual(readingAt(9, dueMs));
  });

  test("the past is told in rows, all devices in step", () => {
    const past = [...source.past({ from: 0, to: 10 }, NOW_MS - 20_000, NOW_MS)];
    expect(past.length).toBeGreaterThan(50);
    expect(past.map(({ timeMs }) => timeMs)).toEqual(past.map(({ timeMs }) => timeMs).toSorted((a, b) => a - b));
    expect(past.slice(0, 10).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { timeMs } of past) expect(timeMs >= NOW_MS - 20_000 && timeMs < NOW_MS).toBe(true);
  });
});
