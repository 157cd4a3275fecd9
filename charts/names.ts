/** Third-party images, pinned by exact version. */
export const images = {
  kafka: "docker.io/apache/kafka:4.3.1",
  mosquitto: "docker.io/library/eclipse-mosquitto:2.0.22",
  prometheus: "docker.io/prom/prometheus:v3.13.3",
  grafana: "docker.io/grafana/grafana:13.2.3",
  /** Speaks PromQL to Google Cloud Managed Service for Prometheus. */
  managedPrometheusFrontend: "gke.gcr.io/prometheus-engine/frontend:v0.18.2-gke.1",
} as const;

/** Plugins that Grafana fetches at its start, pinned likewise: https://grafana.com/grafana/plugins/grafana-bigquery-datasource/ */
export const grafanaPlugins = { bigQuery: "grafana-bigquery-datasource@3.3.1" } as const;

/** Every part's name: of its workload, its Service, its NetworkPolicy, and in the label `app.kubernetes.io/name`. */
export const parts = {
  kafka: "kafka",
  topics: "kafka-topics",
  mosquitto: "mosquitto",
  bigQuery: "bigquery",
  bridge: "mqtt-bridge",
  writer: "bq-writer",
  operator: "sensorfleet-operator",
  lagAdapter: "lag-adapter",
  simulator: "simulator",
  replay: "dead-letter-replay",
  reappend: "reappend",
  prometheus: "prometheus",
  prometheusFrontend: "prometheus-frontend",
  grafana: "grafana",
} as const;

export type PartName = (typeof parts)[keyof typeof parts];

/** Ports that pods listen on. */
export const ports = {
  /** Probes and metrics of every program of this project. */
  ops: 9090,
  kafka: 9092,
  kafkaController: 9093,
  mqtts: 8883,
  bigQueryRest: 9050,
  bigQueryGrpc: 9060,
  /** GKE's control plane reaches nodes on 443 and 10250 without a firewall rule: https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules */
  metricsApi: 10_250,
  prometheus: 9090,
  grafana: 3000,
} as const;

/** Random values that the operator is asked to make; nothing secret stands in a manifest. */
export const secrets = {
  bigQueryToken: { name: "bigquery-token", key: "token" },
  grafanaPassword: { name: "grafana-admin", key: "password" },
  kafkaClusterId: { name: "kafka-cluster", key: "cluster-id" },
} as const;

/** Labels of everything that belongs to a part. */
export function labelsOf(part: string): Record<string, string> {
  return { "app.kubernetes.io/name": part, "app.kubernetes.io/part-of": "smart-home-bridge" };
}

/** What selects a part's pods. */
export function selectorOf(part: string): Record<string, string> {
  return { "app.kubernetes.io/name": part };
}
