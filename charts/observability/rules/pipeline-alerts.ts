import type { Profile } from "../../profile.ts";
import { recorded } from "./recording.ts";
import type { AlertRule } from "./rule.ts";

const LAG_SECONDS = 60;
const REJECTED_SHARE = 0.02;

/** What keeps readings from being stored. */
export function pipelineAlerts(profile: Profile): readonly AlertRule[] {
  return [...storingAlerts, bridgeNotConnected(profile)];
}

const storingAlerts: readonly AlertRule[] = [
  {
    alert: "LagGrows",
    expr: `${recorded.lagSeconds} > ${LAG_SECONDS} and deriv(${recorded.lagSeconds}[5m]) > 0`,
    forMinutes: 5,
    severity: "warning",
    summary:
      "{{ $labels.group }} is {{ $value | humanizeDuration }} behind in {{ $labels.topic }}, and falls back further",
    description:
      "The writers store less than arrives, and the autoscaler has not mended it in five minutes. Nothing is lost as long as Kafka keeps the records.",
    runbook: "lag-grows",
  },
  {
    alert: "LagLasts",
    expr: `${recorded.lagSeconds} > ${15 * LAG_SECONDS}`,
    forMinutes: 10,
    severity: "critical",
    summary: "{{ $labels.group }} is {{ $value | humanizeDuration }} behind in {{ $labels.topic }}",
    description:
      "Readings reach BigQuery more than a quarter of an hour late. Nothing is lost as long as Kafka keeps them.",
    runbook: "lag-grows",
  },
  {
    alert: "NothingStored",
    // The window and the time after it together are two minutes.
    expr: `${recorded.storedRate} == 0 and ${recorded.confirmedRate} > 0`,
    forMinutes: 1,
    severity: "critical",
    summary: "Readings arrive, and for two minutes none has been stored",
    description: "The bridge writes to Kafka, and no writer stores a row. Readings wait in Kafka.",
    runbook: "writer-stuck",
  },
  {
    alert: "DeadLettersRise",
    expr: `${recorded.rejectedShare} > ${REJECTED_SHARE}`,
    forMinutes: 5,
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of what devices send is rejected",
    description:
      "Devices send messages that are no valid readings. They are kept as dead letters and can be sent again.",
    runbook: "dead-letters-rise",
  },
  {
    alert: "WriterRejectsRows",
    expr: "sum by (reason) (increase(writer_dead_letters_total[10m])) > 0",
    forMinutes: 1,
    severity: "warning",
    summary: "The writer has made dead letters: {{ $labels.reason }}",
    description:
      "Records that had passed the bridge cannot be stored. Something else writes to the topic, or the table's schema is another one.",
    runbook: "dead-letters-rise",
  },
  {
    alert: "LagUnknown",
    expr: "max by (group, topic) (kafka_consumer_lag_known) == 0 or absent(kafka_consumer_lag_known)",
    forMinutes: 3,
    severity: "warning",
    summary: "Nobody knows how far the writers are behind",
    description:
      "The lag adapter cannot read the lag from Kafka, or is away. The autoscaler keeps the writers that there are.",
    runbook: "api-service-unavailable",
  },
];

function bridgeNotConnected({ mosquitto }: Profile): AlertRule {
  return {
    alert: "BridgeNotConnected",
    expr: "max(bridge_mqtt_connected) == 0 or absent(bridge_mqtt_connected)",
    forMinutes: 2,
    severity: "critical",
    summary: "The bridge takes nothing from the broker",
    description: `The broker keeps readings for the bridge until its queue is full (${mosquitto.maxQueuedMib} MiB); what comes then is thrown away.`,
    runbook: "broker-does-not-answer",
  };
}
