/**
 * What the validator costs beside `JSON.parse` of the same payload. Run: `npx node packages/events/bench/validate.ts`.
 * Rounds of all alternate, so that a slow moment of the machine hits all; the figures are CPU time, median of rounds.
 */
import { Compile } from "typebox/compile";
import { payloadSchema, revalidateReading, validateReading } from "#events";
import { median, type Figure } from "#testkit";

const READINGS = 20_000;
const ROUNDS = 41;
const NOW_MS = 1_760_000_000_000;
const BASELINE = "JSON.parse(payload.toString())";

interface Given {
  readonly payload: Buffer;
  /** With attributes: not plain. */
  readonly odd: Buffer;
  readonly topic: string;
  readonly key: string;
}

interface Variant {
  readonly name: string;
  readonly run: (given: Given) => boolean;
  readonly rounds: number[];
}

/** CPU time per reading of the validator and of `JSON.parse` beside it. */
export function benchValidator(): Figure[] {
  const records = Array.from({ length: READINGS }, (_, index) => record(index));
  const variants = makeVariants();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const { run, rounds } of variants) rounds.push(nanosecondsPerReading(run, records));
  return variants.map(({ name, rounds }) => ({ name, value: median(rounds), unit: "ns", must: "" }));
}

function makeVariants(): Variant[] {
  const schemaOnly = Compile(payloadSchema);
  return [
    variant(BASELINE, ({ payload }) => JSON.parse(payload.toString()) !== null),
    variant("JSON.parse(payload)", ({ payload }) => JSON.parse(payload as unknown as string) !== null),
    variant("parse + compiled schema alone", ({ payload }) => schemaOnly.Check(JSON.parse(payload.toString()))),
    variant("validateReading", ({ payload, topic }) => validateReading(payload, topic, NOW_MS).ok),
    variant("validateReading, odd", ({ odd, topic }) => validateReading(odd, topic, NOW_MS).ok),
    variant("JSON.parse(odd.toString())", ({ odd }) => JSON.parse(odd.toString()) !== null),
    variant("revalidateReading", ({ payload, key }) => revalidateReading(payload, key, NOW_MS).ok),
  ];
}

function variant(name: string, run: (given: Given) => boolean): Variant {
  return { name, run, rounds: [] };
}

function nanosecondsPerReading(run: (given: Given) => boolean, records: readonly Given[]): number {
  const before = cpuMicroseconds();
  let good = 0;
  for (const given of records) if (run(given)) good += 1;
  if (good !== READINGS) throw new Error("a reading of the bench is not valid");
  return ((cpuMicroseconds() - before) * 1000) / READINGS;
}

/** The sum, because the kernel deals out user and system time by ticks of milliseconds, but counts the sum exactly. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Names are made anew for each record, as a client does that decodes them from the wire. */
function record(index: number): Given {
  const sensorId = `sensor-${index % 200}`;
  const reading = {
    v: 1,
    sensor_id: sensorId,
    boot_id: "3f2a9c1b5d7e4f60",
    seq: index,
    event_time: NOW_MS - index * 1000,
    location: "berlin-mitte",
    lat: 52.52,
    lon: 13.405,
    temperature_c: 20 + (index % 1000) / 100,
    humidity_pct: 40.5,
    battery_pct: 88.2,
    status: "ok",
  };
  return {
    payload: Buffer.from(JSON.stringify(reading)),
    odd: Buffer.from(JSON.stringify({ ...reading, rssi_dbm: -67, firmware: "1.4.2" })),
    topic: Buffer.from(`sensors/house/berlin-mitte/${sensorId}/telemetry`).toString(),
    key: Buffer.from(`house/${sensorId}`).toString(),
  };
}

if (import.meta.main) {
  const figures = benchValidator();
  const baseline = figures.find(({ name }) => name === BASELINE)?.value ?? NaN;
  for (const { name, value } of figures)
    console.log(`${name.padEnd(32)} ${value.toFixed(0).padStart(6)} ns  x${(value / baseline).toFixed(3)}`);
}
