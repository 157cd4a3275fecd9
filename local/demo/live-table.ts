import Table from "cli-table3";
import type { Snapshot } from "./observer.ts";
import { quantile } from "./quantiles.ts";

/** One look and the one before it. */
export interface Looks {
  readonly now: Snapshot;
  readonly before: Snapshot | undefined;
  /** Since the first device started. */
  readonly elapsedMs: number;
}

const COUNTS = [
  ["sent by devices", "sent"],
  ["acknowledged by Mosquitto", "acknowledged"],
  ["in Kafka", "inKafka"],
  ["in BigQuery", "inBigQuery"],
  ["dead letters", "deadLetters"],
] as const;

/** The table that is drawn again each second. */
export function liveTable(looks: Looks): string {
  const { now, elapsedMs } = looks;
  const counts = new Table({
    head: ["", "readings", "per second"],
    colAligns: ["left", "right", "right"],
    style: STYLE,
  });
  for (const [label, field] of COUNTS) counts.push([label, number(now[field]), number(rate(looks, field))]);
  return [
    `  ${clock(elapsedMs)}   ${number(now.connected)} of ${number(now.devices)} devices connected`,
    counts.toString(),
    `  waiting: ${number(now.beforeKafka)} between Mosquitto and Kafka, ${number(now.lag)} between Kafka and BigQuery (lag)`,
    `  device → BigQuery ${latencies(now)}`,
    `  lost ${number(now.lost)}   stored twice ${number(now.storedTwice)}   sent again by devices or MQTT ${number(now.redelivered)}`,
    "  Ctrl-C stops everything and shows the audit.",
  ].join("\n");
}

/** The same as one line of text. */
export function liveLine(looks: Looks): string {
  const { now, elapsedMs } = looks;
  return [
    clock(elapsedMs),
    ...COUNTS.map(([, field]) => `${NAMES[field]}=${now[field]}`),
    `rate=${rate(looks, "inBigQuery")}/s`,
    `before-kafka=${now.beforeKafka}`,
    `lag=${now.lag}`,
    ...SHARES.map(([name, share]) => `${name}=${milliseconds(quantile(now.latency, share))}`),
    `lost=${now.lost}`,
    `twice=${now.storedTwice}`,
    `redelivered=${now.redelivered}`,
  ].join(" ");
}

const NAMES = {
  sent: "sent",
  acknowledged: "acked",
  inKafka: "kafka",
  inBigQuery: "bigquery",
  deadLetters: "dead",
} as const;

/** No colours: they say nothing here, and a terminal without them shows the same. */
const STYLE = { head: [], border: [], compact: true };

const SHARES = [
  ["p50", 0.5],
  ["p95", 0.95],
  ["p99", 0.99],
] as const;

function latencies({ latency }: Snapshot): string {
  return SHARES.map(([name, share]) => `${name} ${milliseconds(quantile(latency, share))}`).join("  ");
}

function rate({ now, before }: Looks, field: (typeof COUNTS)[number][1]): number {
  if (before === undefined || now.atMs <= before.atMs) return 0;
  return Math.round(((now[field] - before[field]) * 1000) / (now.atMs - before.atMs));
}

function milliseconds(seconds: number | undefined): string {
  return seconds === undefined ? "–" : `${Math.round(seconds * 1000)}ms`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
