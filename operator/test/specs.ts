/** Specs of fleets, right and wrong, for both judges: the API server's schema and `readFleet`. */
export interface Case {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** What the API server's message must say; none given: the spec is right. */
  readonly refusal?: RegExp;
}

const episode = { devices: "1%", every: "10m", duration: "30s" };
const stage = { duration: "1m", devicesPercent: 50 };
const fault = (given: Record<string, unknown>): Record<string, unknown> => ({ faults: [given] });

export const cases: readonly Case[] = [
  { name: "nothing", spec: {} },
  { name: "no devices", spec: { devices: 0 } },
  { name: "negative devices", spec: { devices: -1 }, refusal: /devices.*greater than or equal to 0/ },
  { name: "too many devices", spec: { devices: 1_000_001 }, refusal: /devices.*less than or equal to 1e\+06|1000000/ },
  { name: "half a device", spec: { devices: 1.5 }, refusal: /devices.*integer/ },
  { name: "devices as a text", spec: { devices: "many" }, refusal: /devices.*integer/ },
  { name: "the greatest seed", spec: { seed: 2 ** 32 - 1 } },
  { name: "a seed beyond it", spec: { seed: 2 ** 32 }, refusal: /seed/ },
  { name: "a prefix", spec: { deviceIdPrefix: "a-1" } },
  { name: "a prefix of the greatest length", spec: { deviceIdPrefix: "a".repeat(56) } },
  { name: "a longer prefix", spec: { deviceIdPrefix: "a".repeat(57) }, refusal: /deviceIdPrefix.*56/ },
  { name: "a prefix in capitals", spec: { deviceIdPrefix: "City" }, refusal: /deviceIdPrefix/ },
  { name: "a prefix that ends in a hyphen", spec: { deviceIdPrefix: "city-" }, refusal: /deviceIdPrefix/ },
  { name: "an interval of days", spec: { interval: "1d" } },
  { name: "more than a day", spec: { interval: "25h" }, refusal: /interval.*from 10ms to 1d/ },
  { name: "too short an interval", spec: { interval: "9ms" }, refusal: /interval.*from 10ms to 1d/ },
  { name: "an interval without a unit", spec: { interval: "5" }, refusal: /interval/ },
  { name: "an interval in weeks", spec: { interval: "1w" }, refusal: /interval/ },
  { name: "an interval as a number", spec: { interval: 5 }, refusal: /interval.*string/ },
  { name: "two units", spec: { interval: "1m30s" }, refusal: /interval/ },
  { name: "a fraction of a second", spec: { interval: "1.5s" }, refusal: /interval/ },
  { name: "jitter below the interval", spec: { interval: "1s", jitter: "999ms" } },
  {
    name: "jitter as long as the interval",
    spec: { interval: "1s", jitter: "1s" },
    refusal: /jitter must be less than/,
  },
  { name: "jitter as long as the default", spec: { jitter: "5s" }, refusal: /jitter must be less than/ },
  {
    name: "jitter longer, in another unit",
    spec: { interval: "1m", jitter: "1h" },
    refusal: /jitter must be less than/,
  },
  { name: "29 days of history", spec: { history: "29d" } },
  { name: "30 days", spec: { history: "30d" }, refusal: /history.*29d/ },
  { name: "an unknown field", spec: { intervall: "1s" }, refusal: /intervall/ },
  {
    name: "profiles",
    spec: {
      profiles: [
        { location: "park", weight: 1 },
        { location: "harbour", weight: 0 },
      ],
    },
  },
  { name: "no profile", spec: { profiles: [] }, refusal: /profiles/ },
  {
    name: "an unknown place",
    spec: { profiles: [{ location: "moon", weight: 1 }] },
    refusal: /Unsupported value: "moon"/,
  },
  { name: "a profile without weight", spec: { profiles: [{ location: "park" }] }, refusal: /weight.*[Rr]equired/ },
  { name: "a negative weight", spec: { profiles: [{ location: "park", weight: -1 }] }, refusal: /weight/ },
  {
    name: "weights that sum to 0",
    spec: { profiles: [{ location: "park", weight: 0 }] },
    refusal: /weights whose sum is greater than 0/,
  },
  {
    name: "a place twice",
    spec: {
      profiles: [
        { location: "park", weight: 1 },
        { location: "park", weight: 2 },
      ],
    },
    refusal: /Duplicate value.*park/,
  },
  { name: "stages", spec: { stages: [stage, { ...stage, ramp: "Linear" }] } },
  { name: "an empty list of stages", spec: { stages: [] } },
  {
    name: "stages that never switch on",
    spec: { stages: [{ ...stage, devicesPercent: 0 }] },
    refusal: /devicesPercent above 0/,
  },
  { name: "101 percent", spec: { stages: [{ ...stage, devicesPercent: 101 }] }, refusal: /devicesPercent/ },
  { name: "a wild ramp", spec: { stages: [{ ...stage, ramp: "Wild" }] }, refusal: /Unsupported value: "Wild"/ },
  { name: "a stage of no time", spec: { stages: [{ ...stage, duration: "0s" }] }, refusal: /duration.*from 1ms/ },
  { name: "a stage without duration", spec: { stages: [{ devicesPercent: 1 }] }, refusal: /duration.*[Rr]equired/ },
  { name: "101 stages", spec: { stages: Array(101).fill(stage) }, refusal: /stages.*100/ },
  { name: "connects", spec: { connectsPerSecond: 0 }, refusal: /connectsPerSecond/ },
  { name: "in flight", spec: { maxInFlight: 1001 }, refusal: /maxInFlight/ },
  { name: "Disconnect", spec: fault({ type: "Disconnect", ...episode }) },
  { name: "Duplicate", spec: fault({ type: "Duplicate", readings: "0.5%" }) },
  { name: "Late", spec: fault({ type: "Late", readings: "100%", delay: "7d" }) },
  { name: "OutOfOrder", spec: fault({ type: "OutOfOrder", readings: "0%" }) },
  { name: "CorruptPayload", spec: fault({ type: "CorruptPayload", readings: "1%" }) },
  { name: "StuckValue", spec: fault({ type: "StuckValue", field: "temperature_c", ...episode }) },
  { name: "Drift", spec: fault({ type: "Drift", field: "humidity_pct", perHour: -2, ...episode }) },
  { name: "Spike", spec: fault({ type: "Spike", field: "temperature_c", by: 40, readings: "1%" }) },
  { name: "ClockSkew", spec: fault({ type: "ClockSkew", offsetSeconds: -300, ...episode }) },
  { name: "an unknown fault", spec: fault({ type: "Fire" }), refusal: /Unsupported value: "Fire"/ },
  {
    name: "an unknown field of a fault",
    spec: fault({ type: "Duplicate", readings: "1%", dealy: "1s" }),
    refusal: /dealy/,
  },
  {
    name: "a field of another fault",
    spec: fault({ type: "Duplicate", readings: "1%", delay: "1s" }),
    refusal: /delay belongs to Late/,
  },
  {
    name: "a fault without its field",
    spec: fault({ type: "Late", readings: "1%" }),
    refusal: /Late needs readings, delay/,
  },
  { name: "101 %", spec: fault({ type: "Duplicate", readings: "101%" }), refusal: /at most "100%"/ },
  { name: "100.1 %", spec: fault({ type: "Duplicate", readings: "100.1%" }), refusal: /at most "100%"/ },
  { name: "a share as a number", spec: fault({ type: "Duplicate", readings: 0.1 }), refusal: /readings.*string/ },
  { name: "a negative share", spec: fault({ type: "Duplicate", readings: "-1%" }), refusal: /readings/ },
  {
    name: "an episode longer than its period",
    spec: fault({ type: "Disconnect", ...episode, every: "10s", duration: "11s" }),
    refusal: /duration must not be longer than every/,
  },
  {
    name: "an episode as long as its period, in other units",
    spec: fault({ type: "Disconnect", ...episode, every: "1d", duration: "24h" }),
  },
  {
    name: "a spike of what is not measured",
    spec: fault({ type: "Spike", field: "battery_pct", by: 1, readings: "1%" }),
    refusal: /Unsupported value: "battery_pct"/,
  },
  {
    name: "too great a spike",
    spec: fault({ type: "Spike", field: "temperature_c", by: 1001, readings: "1%" }),
    refusal: /by/,
  },
  {
    name: "a clock too far ahead",
    spec: fault({ type: "ClockSkew", offsetSeconds: 3301, ...episode }),
    refusal: /offsetSeconds/,
  },
  {
    name: "clocks too far ahead together",
    spec: { faults: Array(2).fill({ type: "ClockSkew", offsetSeconds: 2000, ...episode }) },
    refusal: /more than 3300 s ahead together/,
  },
  {
    name: "clocks just far enough ahead together",
    spec: { faults: Array(2).fill({ type: "ClockSkew", offsetSeconds: 1650, ...episode }) },
  },
  {
    name: "history and a clock behind",
    spec: { history: "28d", ...fault({ type: "ClockSkew", offsetSeconds: -100_000, ...episode }) },
    refusal: /history, and faults that delay/,
  },
  {
    name: "history and a delay, just within",
    spec: { history: "28d", ...fault({ type: "Late", readings: "1%", delay: "1d" }) },
  },
  {
    name: "history, a delay and time off the network",
    spec: {
      history: "28d",
      faults: [
        { type: "Late", readings: "1%", delay: "24h" },
        { type: "Disconnect", ...episode },
      ],
    },
    refusal: /history, and faults that delay/,
  },
  {
    name: "51 faults",
    spec: { faults: Array(51).fill({ type: "OutOfOrder", readings: "1%" }) },
    refusal: /faults.*50/,
  },
];
