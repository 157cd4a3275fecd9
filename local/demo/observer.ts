import type { BigQueryClients } from "#bigquery";
import { bigQueryNames, kafkaGroups, kafkaTopics } from "#events";
import { readLag, type Kafka, type PartitionLag } from "#kafka";
import type { Clock } from "#runtime";
import { samplesOf, type Program } from "./programs.ts";
import { bucketsOf, since, type Buckets } from "./quantiles.ts";
import { total, type Sample } from "./samples.ts";

/** Where all readings are at one moment. Each number comes from the one who knows it. */
export interface Snapshot {
  readonly atMs: number;
  readonly devices: number;
  readonly connected: number;
  /** Told by the devices. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Told by Kafka. */
  readonly inKafka: number;
  /**
   * Messages that Mosquitto has taken, and of which Kafka has no record yet: in Mosquitto's queue or in the bridge. Records
   * of messages that came twice make it look smaller.
   */
  readonly beforeKafka: number;
  readonly deadLetters: number;
  /** Records that the writer has not committed yet. */
  readonly lag: number;
  /** Told by BigQuery. */
  readonly inBigQuery: number;
  /** Kafka records that were committed and are neither in BigQuery nor dead-lettered. */
  readonly lost: number;
  readonly storedTwice: number;
  /** Rows of readings that devices, MQTT or a replaced producer sent again; `iot_events_unique` leaves them out. */
  readonly redelivered: number;
  /** Seconds from device to BigQuery, of what came since the snapshot before. */
  readonly latency: Buckets;
}

interface Stored {
  readonly inBigQuery: number;
  readonly committedThere: number;
  readonly storedTwice: number;
  readonly redelivered: number;
}

type Admin = ReturnType<Kafka["admin"]>;

/** Looks at the whole pipeline, from outside, through the doors that everybody has. */
export class Observer {
  readonly #admin: Admin;
  readonly #clients: BigQueryClients;
  readonly #clock: Clock;
  #latency: Buckets = new Map();

  /** `admin` must be connected. */
  constructor(admin: Admin, clients: BigQueryClients, clock: Clock) {
    this.#admin = admin;
    this.#clients = clients;
    this.#clock = clock;
  }

  async look(programs: readonly Program[]): Promise<Snapshot> {
    const samples = await samplesOf(programs);
    const [lags, deadLetters] = await Promise.all([this.lags(), this.#deadLetters()]);
    const inKafka = sum(lags.map(({ logEnd, logStart }) => logEnd - logStart));
    // Asked after the offsets: what was committed by then must be there.
    const stored = await this.#stored(lags);
    return {
      atMs: this.#clock.monotonicMs(),
      ...fromDevices(samples),
      inKafka,
      beforeKafka: Math.max(0, takenByMosquitto(samples) - inKafka - deadLetters),
      lag: sum(lags.map(({ lag }) => lag)),
      deadLetters,
      inBigQuery: stored.inBigQuery,
      lost: committedOf(lags) - stored.committedThere - total(samples, "writer_dead_letters_total"),
      storedTwice: stored.storedTwice,
      redelivered: stored.redelivered,
      latency: this.#latencySince(samples),
    };
  }

  lags(): Promise<PartitionLag[]> {
    return readLag(this.#admin, kafkaGroups.writer, kafkaTopics.readings.name);
  }

  /** Records in Kafka, of both topics. */
  async records(): Promise<number> {
    const [lags, deadLetters] = await Promise.all([this.lags(), this.#deadLetters()]);
    return sum(lags.map(({ logEnd, logStart }) => logEnd - logStart)) + deadLetters;
  }

  async #deadLetters(): Promise<number> {
    const offsets = await this.#admin.fetchTopicOffsets(kafkaTopics.deadLetters.name);
    return sum(offsets.map(({ high, low }) => BigInt(high) - BigInt(low)));
  }

  async #stored(lags: readonly PartitionLag[]): Promise<Stored> {
    const committed = lags
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ committed }) => Number(committed ?? 0n));
    const [rows] = await this.#clients.rest.query({ query: STORED, params: { committed } });
    return (rows as [Stored])[0];
  }

  #latencySince(samples: readonly Sample[]): Buckets {
    const buckets = bucketsOf(samples, "writer_event_to_stored_seconds");
    const latency = since(this.#latency, buckets);
    this.#latency = buckets;
    return latency;
  }
}

const { dataset, events } = bigQueryNames;

const STORED = `
WITH
  records AS (
    SELECT kafka_partition, kafka_offset, COUNT(*) AS row_count
    FROM ${dataset}.${events}
    GROUP BY kafka_partition, kafka_offset
  ),
  counted AS (SELECT COUNT(*) AS readings FROM (SELECT DISTINCT tenant, sensor_id, boot_id, seq FROM ${dataset}.${events}))
SELECT
  IFNULL(SUM(row_count), 0) AS inBigQuery,
  COUNTIF(kafka_offset < @committed[OFFSET(kafka_partition)]) AS committedThere,
  IFNULL(SUM(row_count), 0) - COUNT(*) AS storedTwice,
  COUNT(*) - IFNULL(ANY_VALUE(readings), 0) AS redelivered
FROM records
CROSS JOIN counted`;

function fromDevices(samples: readonly Sample[]): Pick<Snapshot, "devices" | "connected" | "sent" | "acknowledged"> {
  return {
    devices: total(samples, "simulator_devices"),
    connected: total(samples, "simulator_connected"),
    sent: total(samples, "simulator_readings_sent_total"),
    acknowledged: total(samples, "simulator_readings_acknowledged_total"),
  };
}

function takenByMosquitto(samples: readonly Sample[]): number {
  const delivered = samples.filter(({ labels }) => labels["outcome"] === "delivered");
  return total(delivered, "simulator_publishes_total");
}

/** The demo's topics begin at offset 0 and hold no markers, so an offset counts records. */
function committedOf(lags: readonly PartitionLag[]): number {
  return sum(lags.map(({ committed }) => committed ?? 0n));
}

function sum(values: readonly bigint[]): number {
  return Number(values.reduce((all, value) => all + value, 0n));
}
