/** Payloads that are no readings, a thousand of them, each different, with the reason that each must be rejected for. */
import type { RejectionReason } from "#events";
import { LOCATION, reading, TENANT, topicOf } from "./world.ts";

export interface Malformed {
  readonly topic: string;
  readonly payload: Buffer;
  readonly reason: RejectionReason;
}

const SENSOR = "broken";
const DAY_MS = 86_400_000;

type Fields = Record<string, unknown>;
type Kind = (fields: Fields, index: number) => { payload: Buffer | string; topic?: string };

const edited =
  (change: (fields: Fields) => Fields): Kind =>
  (fields) => ({ payload: JSON.stringify(change(fields)) });

const kinds: readonly (readonly [RejectionReason, Kind])[] = [
  ["not_utf8", (fields) => ({ payload: Buffer.concat([Buffer.from(JSON.stringify(fields)), Buffer.from([0xff])]) })],
  ["not_utf8", edited((fields) => ({ ...fields, note: "\ud800" }))],
  ["not_json", (fields) => ({ payload: JSON.stringify(fields).slice(0, -1) })],
  ["not_json", (_fields, index) => ({ payload: `hello ${index}` })],
  ["not_an_object", (fields) => ({ payload: JSON.stringify([fields]) })],
  ["wrong_type", edited((fields) => ({ ...fields, seq: String(fields["seq"]) }))],
  ["wrong_type", edited((fields) => ({ ...fields, temperature_c: null }))],
  ["missing_field", edited((fields) => ({ ...fields, boot_id: undefined }))],
  ["unsupported_version", edited((fields) => ({ ...fields, v: 2 }))],
  ["bad_value", edited((fields) => ({ ...fields, humidity_pct: 101 }))],
  ["incomplete_position", edited((fields) => ({ ...fields, lat: undefined }))],
  ["id_mismatch", edited((fields) => ({ ...fields, sensor_id: "other" }))],
  ["location_mismatch", edited((fields) => ({ ...fields, location: "elsewhere" }))],
  ["event_too_old", edited((fields) => ({ ...fields, event_time: Number(fields["event_time"]) - 31 * DAY_MS }))],
  ["event_too_new", edited((fields) => ({ ...fields, event_time: Number(fields["event_time"]) + DAY_MS }))],
  ["too_large", edited((fields) => ({ ...fields, note: "x".repeat(20_000) }))],
  ["too_large", (_fields, index) => ({ payload: `${"x".repeat(300_000)}${index}` })],
  ["too_deep", (fields) => ({ payload: withLast(fields, `"nested":${"[".repeat(40)}${"]".repeat(40)}`) })],
  ["duplicate_key", (fields) => ({ payload: withLast(fields, `"seq":1`) })],
  [
    "bad_topic",
    (fields) => ({ payload: JSON.stringify(fields), topic: `sensors/${TENANT}/${LOCATION}/a b/telemetry` }),
  ],
  [
    "bad_topic",
    (fields) => ({ payload: JSON.stringify(fields), topic: `sensors/x/${'"'.repeat(60_000)}/s/telemetry` }),
  ],
];

export function malformed(count: number, nowMs: number): Malformed[] {
  return Array.from({ length: count }, (_, index) => {
    const [reason, kind] = kinds[index % kinds.length]!;
    const fields = JSON.parse(reading(SENSOR, "boot", index, nowMs).toString()) as Fields;
    const { payload, topic = topicOf(SENSOR) } = kind(fields, index);
    return { topic, payload: Buffer.from(payload), reason };
  });
}

function withLast(fields: Fields, member: string): string {
  return `${JSON.stringify(fields).slice(0, -1)},${member}}`;
}
