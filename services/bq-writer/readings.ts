import { RowEncoder, type ColumnValue } from "#bigquery";
import { attributesJson, eventColumns, revalidateReading, type Reading, type Rejection } from "#events";
import type { ConsumedRecord } from "#kafka";

/** A record as a row. */
export interface EncodedRow {
  readonly ok: true;
  readonly bytes: Uint8Array;
  /** When the device measured, milliseconds since the epoch. */
  readonly eventTimeMs: number;
}

/** Turns the records of one partition into rows; a pure function of the record, so that all owners agree for ever. */
export type RowSource = (record: ConsumedRecord) => EncodedRow | Rejection;

/** The column `kafka_source`: which log the offsets count in. Every Kafka cluster has an id of its own. */
export function kafkaSourceOf(clusterId: string, topic: string): string {
  return `${clusterId}/${topic}`;
}

/** Rows of `iot_events` from a partition of `readings`; `kafkaSource` as by `kafkaSourceOf`. */
export function readingRows(kafkaSource: string, partition: number): RowSource {
  const encoder = new RowEncoder(eventColumns);
  return (record) => {
    const appendTimeMs = Number(record.timestamp);
    const judged = revalidateReading(record.value, record.key?.toString("latin1"), appendTimeMs);
    if (!judged.ok) return judged;
    const { reading, tenant } = judged;
    const added = [tenant, kafkaSource, partition, Number(record.offset), appendTimeMs];
    return { ok: true, bytes: encoder.encode(readingValues(reading, added)), eventTimeMs: reading.event_time };
  };
}

/** The values of all `eventColumns`, in their order: spelled out for speed, held to the schema by a test. */
export function readingValues(reading: Reading, added: readonly ColumnValue[]): ColumnValue[] {
  return [
    reading.v,
    reading.sensor_id,
    reading.boot_id,
    reading.seq,
    reading.event_time,
    reading.location,
    reading.lat,
    reading.lon,
    reading.temperature_c,
    reading.humidity_pct,
    reading.battery_pct,
    reading.status ?? "ok",
    attributesJson(reading),
    ...added,
  ];
}
