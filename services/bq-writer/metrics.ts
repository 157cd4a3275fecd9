import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { rejectionReasons, type RejectionReason } from "#events";
import type { AppendRetry } from "#bigquery";
import { scrapedMetrics, type Clock } from "#runtime";
import type { PartitionEvents } from "./partition-writer.ts";
import type { TakeoverEvents } from "./take-over-table.ts";
import type { Writer } from "./writer.ts";

/** Upper ends in seconds: an append on a good day takes some ten milliseconds; the last ones are an outage. */
const APPEND_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
/** From the device's clock; a device that was offline delivers hours later. */
const LATENCY_SECONDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.375, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 600, 3600, 86_400];

export interface WriterEvents extends PartitionEvents, TakeoverEvents {
  onRetry(retry: AppendRetry): void;
  onDeadLetters(reasons: readonly RejectionReason[]): void;
}

/** Registers what the writer tells by itself; every series exists from the first scrape on. */
export function eventMetrics(registry: Registry, clock: Clock): WriterEvents {
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name: `writer_${name}`, help, registers });
  const stored = counter("rows_stored_total", "Rows that BigQuery has confirmed.");
  const appended = counter(
    "rows_appended_total",
    "Rows handed to a write stream; repetitions by the writer's own cuts count again.",
  );
  const passedOver = counter("records_passed_over_total", "Records that a takeover found to be done already.");
  const retries = counter(
    "append_retries_total",
    "Connections that failed with appends on the way; all are sent again.",
  );
  const takeovers = counter("takeovers_total", "Partitions taken over.");
  const questions = counter("takeover_questions_total", "Times that a takeover had to ask the table.");
  const commits = counter("commits_total", "Commits to Kafka.");
  const deadLetters = new Counter({
    name: "writer_dead_letters_total",
    help: "Dead letters that Kafka confirmed, by reason.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of Object.keys(rejectionReasons)) deadLetters.inc({ reason }, 0);
  const appendSeconds = new Histogram({
    name: "writer_append_seconds",
    help: "Time from handing an append over to its confirmation, repetitions included.",
    buckets: APPEND_SECONDS,
    registers,
  });
  const latency = new Histogram({
    name: "writer_event_to_stored_seconds",
    help: "Time from a reading's event_time to BigQuery's confirmation; by the device's clock and this one.",
    buckets: LATENCY_SECONDS,
    registers,
  });
  return {
    onStored: (rows, appendMs) => {
      stored.inc(rows.length);
      appendSeconds.observe(appendMs / 1000);
      const nowMs = clock.nowMs();
      for (const { eventTimeMs } of rows) latency.observe((nowMs - eventTimeMs) / 1000);
    },
    onAppended: (rows) => appended.inc(rows),
    onPassedOver: (records) => passedOver.inc(records),
    onRetry: () => retries.inc(),
    onDeadLetters: (reasons) => {
      for (const reason of reasons) deadLetters.inc({ reason });
    },
    onTakeover: () => takeovers.inc(),
    onQuestion: () => questions.inc(),
    onCommitted: () => commits.inc(),
  };
}

/** Registers what is read from the writer at each scrape. */
export function stateMetrics(registry: Registry, writer: Writer): void {
  const { gauge } = scrapedMetrics(registry, "writer");
  const lag = new Gauge({
    name: "writer_lag_records",
    help: "Records in Kafka that are not stored yet, by partition, as of its last fetch.",
    labelNames: ["partition"],
    registers: [registry],
    collect: () => {
      lag.reset();
      for (const [partition, { lag: records }] of writer.partitions) lag.set({ partition }, records);
    },
  });
  const partitions = (): (typeof writer.partitions extends ReadonlyMap<number, infer P> ? P : never)[] => [
    ...writer.partitions.values(),
  ];
  gauge("partitions", "Partitions that this writer owns.", () => writer.partitions.size);
  gauge(
    "paused_partitions",
    "Of these, not fetched because too much of them waits.",
    () => partitions().filter(({ isPaused }) => isPaused).length,
  );
  gauge("in_flight_appends", "Appends without an answer.", () => writer.inFlight.appends);
  gauge("in_flight_bytes", "Row bytes of these.", () => writer.inFlight.bytes);
}
