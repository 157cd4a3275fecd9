import { recorded } from "../rules/recording.ts";
import {
  colours,
  graph,
  inRange,
  percentiles,
  quantileOf,
  rateOf,
  stat,
  type DashboardSpec,
  type RowSpec,
} from "./panel.ts";

const firstLook: RowSpec = {
  title: "At a glance",
  panels: [
    stat(
      "Stored of what arrived",
      "Rows stored for each reading that Kafka took, over 15 minutes. Below 100 % readings wait in Kafka: look at the lag. Nothing is lost by that.",
      "percentunit",
      {
        expr: "clamp_max(sum(increase(writer_rows_stored_total[15m])) / (sum(increase(bridge_readings_total[15m])) > 0), 1)",
        legend: "stored",
      },
      {
        thresholds: {
          base: "red",
          steps: [
            [0.9, "yellow"],
            [0.98, "green"],
          ],
        },
        nothing: "nothing arrived",
      },
    ),
    stat(
      "Behind",
      "Age of the oldest reading in Kafka that is not stored. The alert LagGrows looks at 60 s.",
      "s",
      { expr: `max(${recorded.lagSeconds})`, legend: "lag" },
      {
        thresholds: {
          steps: [
            [15, "yellow"],
            [60, "red"],
          ],
        },
        nothing: "not known",
      },
    ),
    stat("Rows stored", "Rows that BigQuery confirms, a second.", "rowsps", {
      expr: recorded.storedRate,
      legend: "stored",
    }),
    stat(
      "Rejected",
      "Share of all messages that are no valid readings. The default fleet breaks one in a hundred on purpose; the alert DeadLettersRise looks at 2 %.",
      "percentunit",
      { expr: recorded.rejectedShare, legend: "rejected" },
      {
        thresholds: {
          steps: [
            [0.02, "orange"],
            [0.1, "red"],
          ],
        },
        nothing: "nothing arrived",
      },
    ),
    stat(
      "Devices connected",
      "Devices of all fleets with a connection to the broker.",
      "short",
      { expr: "sum(simulator_connected)", legend: "connected" },
      { thresholds: { base: "red", steps: [[1, "green"]] }, nothing: "no fleet" },
    ),
    stat(
      "Alerts",
      "Alerts that fire now; Prometheus lists them under /alerts, and each names a section of docs/runbook.md.",
      "short",
      { expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: "firing" },
      { thresholds: { steps: [[1, "red"]] } },
    ),
  ],
};

const flow: RowSpec = {
  title: "Flow",
  panels: [
    graph(
      "What passes each station",
      "The same readings at four stations. Lines that part show where something waits: acknowledged above received is not possible for long.",
      "cps",
      [
        { expr: recorded.acknowledgedRate, legend: "acknowledged to devices", colour: colours.sent },
        { expr: recorded.receivedRate, legend: "received by the bridge", colour: colours.received },
        { expr: recorded.confirmedRate, legend: "confirmed by Kafka", colour: colours.confirmed },
        { expr: recorded.storedRate, legend: "stored in BigQuery", colour: colours.stored },
        { expr: rateOf("bridge_rejected_total"), legend: "rejected", colour: colours.rejected },
      ],
    ),
    graph(
      "On the way, by station",
      "Readings that somebody holds and the next one has not confirmed. Everything that was sent and is not stored yet is here.",
      "short",
      [
        { expr: "sum(simulator_unacknowledged)", legend: "devices", colour: colours.sent },
        { expr: "sum(bridge_outstanding_messages)", legend: "bridge", colour: colours.received },
        { expr: `sum(${recorded.lagRecords})`, legend: "Kafka and writer", colour: colours.lag },
      ],
      { isStacked: true },
    ),
  ],
};

const delay: RowSpec = {
  title: "Delay",
  panels: [
    graph(
      "From a reading to its row",
      "Time from a device's event_time to BigQuery's confirmation. Late readings, which a fleet sends on purpose, are in the highest percentile.",
      "s",
      percentiles("writer_event_to_stored_seconds"),
    ),
    graph(
      "Where the time goes (p95)",
      "95th percentile of each step: publish to PUBACK, which holds the second one in it; send to Kafka; append to BigQuery.",
      "s",
      [
        { expr: quantileOf("simulator_publish_seconds", 0.95), legend: "publish to PUBACK", colour: colours.sent },
        { expr: quantileOf("bridge_send_seconds", 0.95), legend: "send to Kafka", colour: colours.confirmed },
        { expr: quantileOf("writer_append_seconds", 0.95), legend: "append to BigQuery", colour: colours.stored },
      ],
    ),
    graph(
      "Behind, by group",
      "Age of the oldest reading that is not stored, by group and topic. The line is where LagGrows begins.",
      "s",
      [{ expr: recorded.lagSeconds, legend: "{{group}} in {{topic}}" }],
      { thresholds: { steps: [[60, "red"]] } },
    ),
    graph("Lag in records", "Records in Kafka that no writer has committed, by group and topic.", "short", [
      { expr: recorded.lagRecords, legend: "{{group}} in {{topic}}" },
    ]),
  ],
};

const trouble: RowSpec = {
  title: "Errors and retries",
  panels: [
    graph(
      "Rejected messages, by reason",
      "Messages that the bridge made dead letters of. They are kept in the topic dead-letters and can be sent again.",
      "cps",
      [{ expr: rateOf("bridge_rejected_total", "reason"), legend: "{{reason}}" }],
      { isStacked: true },
    ),
    graph(
      "Tried again",
      "What had to be done a second time. Each of these is safe; many of them mean that a neighbour is not well.",
      "cps",
      [
        { expr: rateOf("simulator_repeats_total"), legend: "publishes" },
        { expr: rateOf("bridge_redelivered_total"), legend: "deliveries by the broker" },
        { expr: rateOf("bridge_producer_replacements_total"), legend: "Kafka producers" },
        { expr: rateOf("writer_append_retries_total"), legend: "append connections" },
      ],
    ),
    graph(
      "The bridge holds back",
      "The bridge stops reading while too much is without Kafka's confirmation, and lets go of the broker when Kafka is silent for too long.",
      "cps",
      [
        { expr: rateOf("bridge_mqtt_holds_total"), legend: "holds" },
        { expr: rateOf("bridge_mqtt_retreats_total"), legend: "retreats" },
        { expr: rateOf("bridge_pubacks_dropped_total"), legend: "PUBACKs without a connection" },
      ],
    ),
    graph(
      "Lost at the broker, refused by BigQuery",
      "Messages that Mosquitto threw away because a queue was full, and records that the writer could not store. Both should be 0 for ever.",
      "cps",
      [
        { expr: rateOf("mosquitto_publish_dropped_total"), legend: "dropped by Mosquitto", colour: colours.lost },
        { expr: rateOf("writer_dead_letters_total"), legend: "dead letters of the writer", colour: colours.rejected },
      ],
    ),
  ],
};

const accounting: RowSpec = {
  title: "Accounting, in the time shown",
  panels: [
    total(
      "Acknowledged to devices",
      "Readings whose PUBACK a device has.",
      inRange("simulator_readings_acknowledged_total"),
    ),
    total(
      "Received",
      "Messages that the bridge took from the broker, repetitions included.",
      inRange("bridge_received_total"),
    ),
    total("Rejected messages", "Of these, dead letters.", inRange("bridge_rejected_total")),
    total("Confirmed by Kafka", "Of these, readings in Kafka, repetitions included.", inRange("bridge_readings_total")),
    total("Stored", "Rows that BigQuery has confirmed.", inRange("writer_rows_stored_total")),
    total(
      "Confirmed, not stored",
      "Confirmed by Kafka less stored: what is on the way, or was when the time began; after an outage it is negative. Counters are extrapolated to the ends of the time, so some in a thousand mean nothing; the view iot_delivery_audit counts exactly.",
      `${inRange("bridge_readings_total")} - ${inRange("writer_rows_stored_total")}`,
    ),
  ],
};

function total(title: string, description: string, expr: string): RowSpec["panels"][number] {
  return stat(title, description, "short", { expr, legend: title });
}

/** Whether everything that arrives is stored, how soon, and what goes wrong. */
export const pipelineDashboard: DashboardSpec = {
  uid: "pipeline",
  title: "Pipeline",
  description: "From devices to BigQuery: is everything that arrived stored, how soon, and what goes wrong.",
  refresh: "10s",
  rows: [firstLook, flow, delay, trouble, accounting],
};
