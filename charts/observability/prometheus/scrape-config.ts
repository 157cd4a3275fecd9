import { stringify } from "yaml";
import { FLEET_LABEL } from "../../../operator/api/names.ts";
import { parts, type PartName } from "../../names.ts";

/** Short enough to see the autoscaler at work. */
export const SCRAPE_INTERVAL_SECONDS = 5;

/** Parts that show metrics on the port for probes. Prometheus scrapes itself too; Kafka shows none. */
export const scrapedParts: readonly PartName[] = [
  parts.mosquitto,
  parts.bigQuery,
  parts.bridge,
  parts.writer,
  parts.operator,
  parts.lagAdapter,
  parts.simulator,
];

/** The labels that every series gets beside its own. */
export interface TargetLabels {
  /** Which program it is: the label `app.kubernetes.io/name`. */
  readonly part: string;
  readonly pod: string;
  /** Of simulators: the fleet that they play. */
  readonly fleet?: string;
}

/** One target that is known beforehand; how tests tell Prometheus of processes. */
export interface StaticTarget extends TargetLabels {
  /** `host:port`. */
  readonly address: string;
}

/** prometheus.yml, https://prometheus.io/docs/prometheus/latest/configuration/configuration/; the same for 2.42 and 3.x. */
export function prometheusConfig(rulesFile: string, scrapeConfigs: readonly object[]): string {
  const interval = `${SCRAPE_INTERVAL_SECONDS}s`;
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [rulesFile],
    scrape_configs: scrapeConfigs,
  });
}

export function staticScrape(targets: readonly StaticTarget[]): object {
  return {
    job_name: "pods",
    static_configs: targets.map(({ address, ...labels }) => ({ targets: [address], labels })),
  };
}

/**
 * Pods of the namespace that ask to be scraped. A pod is found once for each port that it declares; all of these become
 * the same target, and Prometheus keeps one.
 */
export function podScrape(namespace: string): object {
  return {
    job_name: "pods",
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
    relabel_configs: [
      { action: "keep", source_labels: [annotation("prometheus.io/scrape")], regex: "true" },
      // Pods that have ended keep their annotations, and may keep an address that is another's by now.
      { action: "drop", source_labels: ["__meta_kubernetes_pod_phase"], regex: "Succeeded|Failed" },
      copied(annotation("prometheus.io/path"), "__metrics_path__"),
      {
        source_labels: ["__meta_kubernetes_pod_ip", annotation("prometheus.io/port")],
        separator: ":",
        target_label: "__address__",
      },
      copied(label("app.kubernetes.io/name"), "part"),
      copied("__meta_kubernetes_pod_name", "pod"),
      copied(label(FLEET_LABEL), "fleet"),
    ],
  };
}

/** Only where there is a value: an empty one would replace a default. */
function copied(from: string, to: string): object {
  return { source_labels: [from], regex: "(.+)", target_label: to };
}

function annotation(name: string): string {
  return `__meta_kubernetes_pod_annotation_${labelName(name)}`;
}

function label(name: string): string {
  return `__meta_kubernetes_pod_label_${labelName(name)}`;
}

function labelName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
}
