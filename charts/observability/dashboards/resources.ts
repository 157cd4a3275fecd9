import { colours, graph, rateOf, stat, type DashboardSpec, type RowSpec } from "./panel.ts";

const OF_PART = '{part=~"$part"}';
const DAY_SECONDS = 86_400;

const firstLook: RowSpec = {
  title: "At a glance",
  panels: [
    stat(
      "Answering",
      "Share of all pods that answer Prometheus.",
      "percentunit",
      { expr: `avg(up${OF_PART})`, legend: "up" },
      {
        thresholds: { base: "red", steps: [[1, "green"]] },
      },
    ),
    stat("CPU", "Cores that all parts together use.", "short", {
      expr: rateOf("process_cpu_seconds_total", undefined, OF_PART),
      legend: "cores",
    }),
    stat("Memory", "Resident memory of all parts together.", "bytes", {
      expr: `sum(process_resident_memory_bytes${OF_PART})`,
      legend: "memory",
    }),
    stat(
      "Slowest event loop",
      "99th percentile of the delay of timers in the process that is worst off. Heartbeats to Kafka suffer above a second.",
      "s",
      { expr: `max(nodejs_eventloop_lag_p99_seconds${OF_PART})`, legend: "p99" },
      {
        thresholds: {
          steps: [
            [0.2, "yellow"],
            [1, "red"],
          ],
        },
      },
    ),
    stat(
      "Restarts",
      "Processes that began anew in the time shown, in the same pod.",
      "short",
      { expr: `sum(changes(process_start_time_seconds${OF_PART}[$__range]))`, legend: "restarts" },
      {
        thresholds: {
          steps: [
            [1, "yellow"],
            [4, "red"],
          ],
        },
      },
    ),
    stat(
      "Next certificate ends",
      "Time until the first certificate ends. The operator renews them when a third of their life is left; the alert looks at 14 days.",
      "dtdurations",
      { expr: "min(certificate_expiry_timestamp_seconds) - time()", legend: "left" },
      { thresholds: { base: "red", steps: [[14 * DAY_SECONDS, "green"]] }, nothing: "no certificate" },
    ),
  ],
};

const processes: RowSpec = {
  title: "Processes",
  panels: [
    graph(
      "CPU, by part",
      "Cores. One process of Node uses little more than one.",
      "short",
      [{ expr: rateOf("process_cpu_seconds_total", "part", OF_PART), legend: "{{part}}" }],
      { isStacked: true },
    ),
    graph(
      "CPU, by pod",
      "Cores of each process.",
      "short",
      [{ expr: rateOf("process_cpu_seconds_total", "pod", OF_PART), legend: "{{pod}}" }],
      { thresholds: { steps: [[0.9, "red"]] } },
    ),
    graph("Resident memory, by pod", "What the memory limit of the pod is compared with, nearly.", "bytes", [
      { expr: `sum by (pod) (process_resident_memory_bytes${OF_PART})`, legend: "{{pod}}" },
    ]),
    graph("Heap in use, by pod", "Grows and falls with garbage collection; one that only grows is a leak.", "bytes", [
      { expr: `sum by (pod) (nodejs_heap_size_used_bytes${OF_PART})`, legend: "{{pod}}" },
    ]),
    graph(
      "Delay of the event loop (p99), by pod",
      "How late timers run. Above a second heartbeats to Kafka are missed in the end.",
      "s",
      [{ expr: `max by (pod) (nodejs_eventloop_lag_p99_seconds${OF_PART})`, legend: "{{pod}}" }],
      { thresholds: { steps: [[1, "red"]] } },
    ),
    graph(
      "Time in garbage collection, by pod",
      "Share of the time. Above a tenth the heap is too small.",
      "percentunit",
      [{ expr: rateOf("nodejs_gc_duration_seconds_sum", "pod", OF_PART), legend: "{{pod}}" }],
      { thresholds: { steps: [[0.1, "red"]] } },
    ),
  ],
};

const servers: RowSpec = {
  title: "Broker, database, operator",
  panels: [
    graph("Mosquitto: clients", "Clients with a connection: devices, the bridge and the agent.", "short", [
      { expr: "sum(mosquitto_clients_connected)", legend: "connected", colour: colours.stored },
    ]),
    graph(
      "Mosquitto: held messages",
      "Bytes of messages that the broker holds, for the bridge above all: at 256 MiB it throws away.",
      "bytes",
      [{ expr: "sum(mosquitto_messages_stored_bytes)", legend: "held", colour: colours.lag }],
      { thresholds: { steps: [[268_435_456, "red"]] } },
    ),
    graph(
      "Embedded BigQuery: waiting",
      "Bytes of appends that wait for the database. There is none where BigQuery is Google's.",
      "bytes",
      [{ expr: "sum(embedded_bigquery_backlog_bytes)", legend: "waiting", colour: colours.lag }],
    ),
    graph(
      "Operator: reconciles",
      "Work on fleets and credentials, by result. Without a change there is next to none.",
      "cps",
      [
        {
          expr: rateOf("controller_runtime_reconcile_total", "controller, result"),
          legend: "{{controller}}: {{result}}",
        },
      ],
    ),
  ],
};

/** CPU, memory and event loop of every part. */
export const resourcesDashboard: DashboardSpec = {
  uid: "resources",
  title: "Resources",
  description: "CPU, memory and event loop of every part, and how the broker, the database and the operator are.",
  variables: [{ name: "part", label: "Part", of: "up" }],
  rows: [firstLook, processes, servers],
};
