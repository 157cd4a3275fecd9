import Type, { type Static, type TSchema } from "typebox";

/** Version 1 of a reading. This file is the only place that says what a reading is; everything else is derived. */
export const SCHEMA_VERSION = 1;

/** Largest payload, as received from the device. */
export const MAX_PAYLOAD_BYTES = 16 * 1024;

/** Deepest nesting of objects and arrays in a payload, the payload itself being level 1. */
export const MAX_DEPTH = 32;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How far `event_time` may lie from a moment, in milliseconds; both ends belong to it. */
export interface TimeWindow {
  readonly pastMs: number;
  readonly futureMs: number;
}

/** What the bridge accepts, around its clock. */
export const ACCEPTED_WINDOW: TimeWindow = { pastMs: 30 * DAY_MS, futureMs: HOUR_MS };

/**
 * What later parts accept, around the record's append time. Wider by a day on both sides, so that whatever the bridge
 * let in stays in, even when Kafka was away for hours in between or the two clocks differ.
 */
export const STORED_WINDOW: TimeWindow = { pastMs: 31 * DAY_MS, futureMs: HOUR_MS + DAY_MS };

/** Letters that survive in a topic, a key, a client id and a file name. */
export const ID_PATTERN = "^[A-Za-z0-9_.:-]{1,64}$";

/** What a device sends. Each property's `description` becomes the column's. Other properties become `attributes`. */
export const payloadSchema = Type.Object({
  v: Type.Integer({ minimum: SCHEMA_VERSION, maximum: SCHEMA_VERSION, description: "Version of the schema: 1." }),
  sensor_id: Type.String({
    pattern: ID_PATTERN,
    description: "Name of the device within its tenant; equals the one in the MQTT topic.",
  }),
  boot_id: Type.String({
    minLength: 1,
    maxLength: 36,
    description:
      "Random, new at every start of the device: (tenant, sensor_id, boot_id, seq) names one reading for ever.",
  }),
  seq: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "Number of the reading within its boot, one more each time; a gap is a lost reading.",
  }),
  event_time: Type.Integer({
    description: "When the device measured, by its own clock; in the payload milliseconds since the epoch, UTC.",
  }),
  location: Type.String({
    minLength: 1,
    maxLength: 64,
    description: "Where the device stands; equals the location in the MQTT topic.",
  }),
  lat: Type.Optional(
    Type.Number({ minimum: -90, maximum: 90, description: "Latitude in degrees; with lon or not at all." }),
  ),
  lon: Type.Optional(
    Type.Number({ minimum: -180, maximum: 180, description: "Longitude in degrees; with lat or not at all." }),
  ),
  temperature_c: Type.Optional(
    Type.Number({ minimum: -90, maximum: 200, description: "Temperature in degrees Celsius." }),
  ),
  humidity_pct: Type.Optional(
    Type.Number({ minimum: 0, maximum: 100, description: "Relative humidity of the air in percent." }),
  ),
  battery_pct: Type.Optional(
    Type.Number({ minimum: 0, maximum: 100, description: "Charge of the device's battery in percent." }),
  ),
  status: Type.Optional(
    Type.Enum(["ok", "degraded", "fault"], {
      default: "ok",
      description: "What the device says about itself; `ok` if it says nothing.",
    }),
  ),
});

/** A valid payload, as `JSON.parse` gives it; it may have more properties, see `attributesOf`. */
export type Reading = Readonly<Static<typeof payloadSchema>>;
export type ReadingField = keyof Reading;

/** The fields of a payload with their rules, in order. */
export const payloadFields = Object.entries(payloadSchema.properties) as readonly (readonly [ReadingField, TSchema])[];

/** Fields that a payload may leave out. */
export const optionalFields: readonly ReadingField[] = payloadFields
  .map(([name]) => name)
  .filter((name) => !payloadSchema.required.some((required) => required === name));

/** A column that the pipeline adds to what the device sent. */
export interface AddedColumn {
  readonly name: "tenant" | "attributes" | "kafka_source" | "kafka_partition" | "kafka_offset" | "ingest_time";
  readonly type: "STRING" | "INTEGER" | "TIMESTAMP" | "JSON";
  readonly mode: "REQUIRED" | "NULLABLE";
  readonly description: string;
}

export const addedColumns: readonly AddedColumn[] = [
  {
    name: "attributes",
    type: "JSON",
    mode: "NULLABLE",
    description: "Whatever else the payload held, unchanged; NULL if nothing.",
  },
  {
    name: "tenant",
    type: "STRING",
    mode: "REQUIRED",
    description: "Owner of the device, from the MQTT topic that the broker let it write to; never from the payload.",
  },
  {
    name: "kafka_source",
    type: "STRING",
    mode: "REQUIRED",
    description: "Kafka cluster id and topic that the reading was read from, as `cluster/topic`.",
  },
  {
    name: "kafka_partition",
    type: "INTEGER",
    mode: "REQUIRED",
    description: "Partition of that topic.",
  },
  {
    name: "kafka_offset",
    type: "INTEGER",
    mode: "REQUIRED",
    description: "Offset in that partition; (kafka_source, kafka_partition, kafka_offset) is unique in this table.",
  },
  {
    name: "ingest_time",
    type: "TIMESTAMP",
    mode: "REQUIRED",
    description: "When Kafka appended the reading, by the broker's clock.",
  },
];
