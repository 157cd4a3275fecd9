import { parts } from "../../names.ts";
import type { Profile } from "../../profile.ts";
import { colours, graph, rateOf, stat, type DashboardSpec, type RowSpec } from "./panel.ts";

const OF_PART = '{part=~"$part"}';
/** Every operator that is made with controller-runtime has metrics of these names. */
const OF_OPERATOR = `{part="${parts.operator}"}`;
const DAY_SECONDS = 86_400;
const MIB = 2 ** 20;

/** What every panel of CPU and memory leaves out, because Kafka's image shows no metrics by HTTP. */
const WITHOUT_KAFKA = "Kafka shows none: `kubectl top pod -l app.kubernetes.io/name=kafka` has it.";

/**
 * A metric of every process, and the same of Mosquitto's own, which the agent beside it shows. The label that is put on
 * keeps them apart in one pod.
 */
function ofProcesses(metric: string, read: (series: string) => string): string {
  const broker = read(`mosquitto_${metric}${OF_PART}`);
  return `(${read(`${metric}${OF_PART}`)} or label_replace(${broker}, "process", "broker", "", ""))`;
}

const CPU = ofProcesses("process_cpu_seconds_total", (series) => `rate(${series}[$__rate_interval])`);
const MEMORY = ofProcesses("process_resident_memory_bytes", (series) => series);

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
    stat("CPU", `Cores that all parts together use. ${WITHOUT_KAFKA}`, "short", {
      expr: `sum(${CPU})`,
      legend: "cores",
    }),
    stat("Memory", `Resident memory of all parts together. ${WITHOUT_KAFKA}`, "bytes", {
      expr: `sum(${MEMORY})`,
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
      "CPU, by part (without Kafka)",
      `Cores. One process of Node uses little more than one. ${WITHOUT_KAFKA}`,
      "short",
      [{ expr: `sum by (part) (${CPU})`, legend: "{{part}}" }],
      { isStacked: true },
    ),
    graph(
      "CPU, by pod (without Kafka)",
      `Cores of the pod's processes: of Mosquitto, the broker and the agent. ${WITHOUT_KAFKA}`,
      "short",
      [{ expr: `sum by (pod) (${CPU})`, legend: "{{pod}}" }],
      { thresholds: { steps: [[0.9, "red"]] } },
    ),
    graph(
      "Resident memory, by part (without Kafka)",
      `Of all pods of a part together. ${WITHOUT_KAFKA}`,
      "bytes",
      [{ expr: `sum by (part) (${MEMORY})`, legend: "{{part}}" }],
      { isStacked: true },
    ),
    graph(
      "Resident memory, by pod (without Kafka)",
      `What the memory limits of the pod are compared with, nearly. ${WITHOUT_KAFKA}`,
      "bytes",
      [{ expr: `sum by (pod) (${MEMORY})`, legend: "{{pod}}" }],
    ),
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

/**
 * Every pod, Kafka's too, as GKE measures it: a value a minute, under names that Cloud Monitoring's PromQL gives them
 * (https://cloud.google.com/monitoring/api/metrics_kubernetes, https://cloud.google.com/monitoring/promql/promql-mapping).
 */
function measuredByGke({ namespace }: Profile): RowSpec {
  const containers = `monitored_resource="k8s_container",namespace_name="${namespace}"`;
  return {
    title: "Every pod, as GKE measures it",
    panels: [
      graph(
        "CPU, by pod, of GKE",
        "Cores of every pod of the namespace, Kafka's too, whatever part is chosen.",
        "short",
        [
          {
            expr: `sum by (pod_name) (rate(kubernetes_io:container_cpu_core_usage_time{${containers}}[5m]))`,
            legend: "{{pod_name}}",
          },
        ],
      ),
      graph(
        "Memory, by pod, of GKE",
        "Memory of every pod of the namespace that the kernel cannot take back, Kafka's too, whatever part is chosen.",
        "bytes",
        [
          {
            expr: `sum by (pod_name) (kubernetes_io:container_memory_used_bytes{${containers},memory_type="non-evictable"})`,
            legend: "{{pod_name}}",
          },
        ],
      ),
    ],
  };
}

const servers = ({ mosquitto }: Profile): RowSpec => ({
  title: "Broker, database, operator",
  panels: [
    graph("Mosquitto: clients", "Clients with a connection: devices, the bridge and the agent.", "short", [
      { expr: "sum(mosquitto_clients_connected)", legend: "connected", colour: colours.stored },
    ]),
    graph(
      "Mosquitto: held messages",
      `Bytes of messages that the broker holds, for the bridge above all: at ${mosquitto.maxQueuedMib} MiB it throws away.`,
      "bytes",
      [{ expr: "sum(mosquitto_messages_stored_bytes)", legend: "held", colour: colours.lag }],
      { thresholds: { steps: [[mosquitto.maxQueuedMib * MIB, "red"]] } },
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
          expr: rateOf("controller_runtime_reconcile_total", "controller, result", OF_OPERATOR),
          legend: "{{controller}}: {{result}}",
        },
      ],
    ),
  ],
});

/** CPU, memory and event loop of every part; of Kafka where GKE measures it. */
export function resourcesDashboard(profile: Profile): DashboardSpec {
  return {
    uid: "resources",
    title: "Resources",
    description: "CPU, memory and event loop of every part, and how the broker, the database and the operator are.",
    variables: [{ name: "part", label: "Part", of: "up" }],
    refresh: "10s",
    rows: [
      firstLook,
      processes,
      ...(profile.monitoring === "managed" ? [measuredByGke(profile)] : []),
      servers(profile),
    ],
  };
}
