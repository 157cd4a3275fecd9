import { kafkaTopics } from "#events";
import { recorded } from "./recording.ts";
import type { AlertRule } from "./rule.ts";

const CONNECTED_SHARE = 0.8;
const DAY_SECONDS = 86_400;
const CERTIFICATE_DAYS = 14;
/** Scaling to the maximum and back takes some rebalances, each of which gives every partition a new owner at worst. */
const TAKEOVERS_PER_PARTITION = 10;
const RESTARTS = 3;

/** What is wrong with a single part. */
export const partAlerts: readonly AlertRule[] = [
  {
    alert: "BrokerDown",
    expr: "max(mosquitto_up) == 0 or absent(mosquitto_up)",
    forMinutes: 1,
    severity: "critical",
    summary: "Mosquitto does not answer",
    description: "No MQTT round trip succeeds. Devices keep their readings as long as they have room.",
    runbook: "broker-does-not-answer",
  },
  {
    alert: "BrokerUnwatched",
    expr: "max(mosquitto_agent_refused) > 0",
    forMinutes: 5,
    severity: "warning",
    summary: "The agent beside Mosquitto is not let in",
    description:
      "The broker answers, and refuses the agent's login or shows a certificate that it does not trust: nobody would notice a broker that hangs.",
    runbook: "broker-does-not-answer",
  },
  {
    alert: "BrokerDropsMessages",
    expr: "sum(increase(mosquitto_publish_dropped_total[5m])) > 0",
    forMinutes: 1,
    severity: "critical",
    summary: "Mosquitto has thrown messages away",
    description:
      "A subscriber's queue was full: most likely the bridge was away for too long. These readings are lost.",
    runbook: "broker-does-not-answer",
  },
  {
    alert: "FleetNotConnected",
    expr: `${recorded.fleetConnected} < ${CONNECTED_SHARE}`,
    forMinutes: 5,
    severity: "warning",
    summary: "Only {{ $value | humanizePercentage }} of the devices of fleet {{ $labels.fleet }} are connected",
    description: "Devices that should be on have no connection to the broker.",
    runbook: "fleet-not-connected",
  },
  {
    alert: "ReadingsNotMade",
    expr: "sum by (fleet) (rate(simulator_not_made_total[5m])) > 0",
    forMinutes: 5,
    severity: "warning",
    summary: "Devices of fleet {{ $labels.fleet }} leave readings out",
    description:
      "Too many readings wait for the broker, so the devices make fewer than they should. They are counted as not made.",
    runbook: "fleet-not-connected",
  },
  {
    alert: "CertificateEnds",
    // The operator shows each by its Secret; a program that reads one shows it without.
    expr: `certificate_expiry_timestamp_seconds - time() < ${CERTIFICATE_DAYS * DAY_SECONDS}`,
    forMinutes: 60,
    severity: "warning",
    summary: "The certificate of {{ or $labels.secret $labels.part }} ends in {{ $value | humanizeDuration }}",
    description: "The operator renews certificates when a third of their life is left, and has not renewed this one.",
    runbook: "certificate-ended",
  },
  {
    alert: "OperatorDoesNotLead",
    expr: "max(leader_election_master_status) == 0 or absent(leader_election_master_status)",
    forMinutes: 2,
    severity: "warning",
    summary: "No operator leads",
    description: "Fleets and certificates stay as they are: nothing follows a change, nothing is renewed.",
    runbook: "operator-does-not-lead",
  },
  {
    alert: "WritersFlap",
    expr: `sum(increase(writer_takeovers_total[15m])) > ${TAKEOVERS_PER_PARTITION * kafkaTopics.readings.partitions}`,
    forMinutes: 5,
    severity: "warning",
    summary: "The writers take partitions from each other: {{ $value | humanize }} times in 15 minutes",
    description:
      "Each takeover stops a partition for a moment. Writers end, miss their heartbeats, or are scaled to and fro.",
    runbook: "writer-stuck",
  },
  {
    alert: "TargetDown",
    expr: "up == 0",
    forMinutes: 2,
    severity: "warning",
    summary: "{{ $labels.pod }} does not answer",
    description: "Its metrics are missing, so other alerts may be blind for this part.",
    runbook: "target-down",
  },
  {
    alert: "PartRestarts",
    expr: `changes(process_start_time_seconds[15m]) > ${RESTARTS}`,
    forMinutes: 1,
    severity: "warning",
    summary: "{{ $labels.pod }} has begun anew {{ $value | humanize }} times in 15 minutes",
    description: "A process that ends with code 1 or 2 says in its last line what a person has to look at.",
    runbook: "target-down",
  },
];
