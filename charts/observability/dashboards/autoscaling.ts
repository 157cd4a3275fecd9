import { parts } from "../../names.ts";
import { hpaSettings } from "../../autoscaling/hpa-settings.ts";
import type { Profile } from "../../profile.ts";
import { recorded } from "../rules/recording.ts";
import { colours, graph, quantileOf, rateOf, stat, type DashboardSpec, type PanelSpec, type RowSpec } from "./panel.ts";

const WRITERS = `sum(up{part="${parts.writer}"})`;

/** Why there are as many writers as there are. */
export function autoscalingDashboard({ writer }: Profile): DashboardSpec {
  const { maxReplicas, averageValue } = hpaSettings(writer);
  return {
    uid: "autoscaling",
    title: "Autoscaling",
    description:
      "Why there are as many writers as there are: lag and arrivals against their targets, and what scaling costs.",
    refresh: "10s",
    rows: [
      firstLook(maxReplicas, Number(averageValue)),
      decision(maxReplicas, Number(averageValue)),
      load(writer.rowsPerSecond),
      cost,
    ],
  };
}

/** Whether the autoscaler can decide at all, and whether it decides too often. */
const health: readonly PanelSpec[] = [
  stat(
    "Lag is known",
    "1 while the lag adapter knows the lag. 0: the autoscaler gets an error and keeps the writers that there are.",
    "short",
    { expr: "max(kafka_consumer_lag_known)", legend: "known" },
    { thresholds: { base: "red", steps: [[1, "green"]] }, nothing: "no adapter" },
  ),
  stat(
    "Takeovers in 15 minutes",
    "Partitions that a writer has taken over. Each scaling moves some; very many mean that writers flap.",
    "short",
    { expr: "sum(increase(writer_takeovers_total[15m]))", legend: "takeovers" },
    {
      thresholds: {
        steps: [
          [60, "yellow"],
          [120, "red"],
        ],
      },
    },
  ),
];

function firstLook(maxReplicas: number, target: number): RowSpec {
  return {
    title: "At a glance",
    panels: [
      stat(
        "Writers",
        "Writers that answer Prometheus.",
        "short",
        { expr: WRITERS, legend: "writers" },
        {
          thresholds: {
            base: "red",
            steps: [
              [1, "green"],
              [maxReplicas, "yellow"],
            ],
          },
        },
      ),
      stat(
        "Writers asked for",
        `What lag and arrivals ask for now, at most ${maxReplicas}. The autoscaler follows later: half a minute up, minutes down.`,
        "short",
        { expr: `max(${recorded.writersAsked})`, legend: "asked for" },
        { thresholds: { steps: [[maxReplicas, "yellow"]] }, nothing: "not known" },
      ),
      stat(
        "Lag for each writer",
        `Records of lag for each writer; the target is ${target}.`,
        "short",
        { expr: `sum(${recorded.lagRecords}) / (${WRITERS} > 0)`, legend: "lag for each writer" },
        {
          thresholds: {
            steps: [
              [target, "yellow"],
              [4 * target, "red"],
            ],
          },
          nothing: "not known",
        },
      ),
      stat(
        "Arrivals",
        "Records a second that the topic has got over the last minute, as the autoscaler sees it.",
        "recps",
        {
          expr: `max(${recorded.appendRate})`,
          legend: "arrivals",
        },
      ),
      ...health,
    ],
  };
}

function decision(maxReplicas: number, target: number): RowSpec {
  return {
    title: "The decision",
    panels: [
      graph(
        "Lag against the target",
        "The lag, and the target times the writers that are there. Above the line the lag asks for more writers.",
        "short",
        [
          { expr: `sum(${recorded.lagRecords})`, legend: "lag", colour: colours.lag },
          { expr: `${target} * ${WRITERS}`, legend: "target of all writers", colour: colours.limit },
        ],
      ),
      graph(
        "Writers: asked for and there",
        `What each metric asks for, what both together ask for between 1 and ${maxReplicas}, and what is there.`,
        "short",
        [
          { expr: `max(${recorded.writersAskedByLag})`, legend: "asked for by the lag", colour: colours.lag },
          { expr: `max(${recorded.writersAskedByRate})`, legend: "asked for by arrivals", colour: colours.received },
          { expr: `max(${recorded.writersAsked})`, legend: "asked for", colour: colours.wanted },
          { expr: WRITERS, legend: "there", colour: colours.stored },
        ],
      ),
    ],
  };
}

function load(rowsPerSecond: number): RowSpec {
  return {
    title: "The load",
    panels: [
      graph(
        "Arrivals against what the writers can store",
        `Records that arrive, rows that are stored, and what all writers can store at ${rowsPerSecond} rows a second each. Arrivals above the last line make the lag grow.`,
        "recps",
        [
          { expr: `max(${recorded.appendRate})`, legend: "arrive", colour: colours.received },
          { expr: recorded.storedRate, legend: "stored", colour: colours.stored },
          { expr: `${rowsPerSecond} * ${WRITERS}`, legend: "can be stored", colour: colours.limit },
        ],
      ),
      graph(
        "Rows stored, by writer",
        "Writers should share the load; one without rows has no partition, or is stuck.",
        "rowsps",
        [{ expr: rateOf("writer_rows_stored_total", "pod"), legend: "{{pod}}" }],
        { isStacked: true },
      ),
      graph(
        "Partitions, by writer",
        "Every partition has exactly one writer; in a rebalance the sum is less for a moment.",
        "short",
        [{ expr: "sum by (pod) (writer_partitions)", legend: "{{pod}}" }],
        { isStacked: true },
      ),
      graph(
        "Paused partitions, appends under way",
        "Partitions that are not fetched because too much of them waits, and appends without an answer: both high for long means that BigQuery is what is slow.",
        "short",
        [
          { expr: "sum(writer_paused_partitions)", legend: "paused partitions", colour: colours.lag },
          { expr: "sum(writer_in_flight_appends)", legend: "appends under way", colour: colours.confirmed },
        ],
      ),
    ],
  };
}

const cost: RowSpec = {
  title: "What scaling costs, and what the autoscaler is told",
  panels: [
    graph(
      "Takeovers",
      "Partitions taken over, records found to be done already, and times that BigQuery had to be asked.",
      "cps",
      [
        { expr: rateOf("writer_takeovers_total"), legend: "takeovers" },
        { expr: rateOf("writer_records_passed_over_total"), legend: "records passed over" },
        { expr: rateOf("writer_takeover_questions_total"), legend: "questions to the table" },
      ],
    ),
    graph(
      "Answers to the autoscaler, by code",
      "Requests of the external metrics API. Other codes than 200 mean that the autoscaler gets no number.",
      "reqps",
      [{ expr: rateOf("lag_api_requests_total", "code"), legend: "{{code}}" }],
    ),
    graph(
      "Time to answer the autoscaler (p99)",
      "The adapter answers from memory, so this is a few milliseconds.",
      "s",
      [{ expr: quantileOf("lag_api_request_seconds", 0.99), legend: "p99" }],
    ),
    graph(
      "Refused requests",
      "Requests of the external metrics API without a valid certificate, or of somebody who may not ask.",
      "reqps",
      [{ expr: rateOf("lag_api_refused_total"), legend: "refused" }],
    ),
  ],
};
