import { stringify } from "yaml";
import { FLEET_LABEL } from "../../../operator/api/names.ts";
import { parts, type PartName } from "../../names.ts";

/** Short enough to see the autoscaler at work. */
export const SCRAPE_INTERVAL_SECONDS = 5;

/** Parts that show metrics on the port for probes. The portable Prometheus scrapes itself and Grafana too; Kafka shows none. */
export const scrapedParts: readonly PartName[] = [
  parts.mosquitto,
  parts.bigQuery,
  parts.bridge,
  parts.writer,
  parts.operator,
  parts.lagAdapter,
  parts.simulator,
];

/** prometheus.yml, https://prometheus.io/docs/prometheus/latest/configuration/configuration/; the same for 2.42 and 3.x. */
export function prometheusConfig(
  rulesFile: string,
  scrapeConfigs: readonly object[],
  intervalSeconds = SCRAPE_INTERVAL_SECONDS,
): string {
  const interval = `${intervalSeconds}s`;
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [rulesFile],
    scrape_configs: scrapeConfigs,
  });
}

/** An address and a port, joined by ";", as a target: of IPv6 the address stands in brackets. */
export const ADDRESS_FORMS = [
  ["([^:;]+);(.+)", "$1:$2"],
  ["([^;]*:[^;]*);(.+)", "[$1]:$2"],
] as const;

/** Pods of the namespace, as the API server tells them. */
export function podScrape(namespace: string): object {
  return scrape({ kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }] });
}

/**
 * Those of the discovered pods that ask to be scraped. A pod is found once for each port that it declares; all of these
 * become the same target, and Prometheus keeps one.
 */
export function scrape(discovery: object): object {
  return {
    job_name: "pods",
    ...discovery,
    relabel_configs: [
      { action: "keep", source_labels: [META.scrape], regex: "true" },
      // Pods that have ended keep their annotations, and may keep an address that is another's by now.
      { action: "drop", source_labels: [META.phase], regex: "Succeeded|Failed" },
      copied(META.path, "__metrics_path__"),
      ...ADDRESS_FORMS.map(([regex, replacement]) => ({
        ...{ source_labels: [META.address, META.port], separator: ";", target_label: "__address__" },
        ...{ regex, replacement },
      })),
      copied(META.part, "part"),
      copied(META.pod, "pod"),
      copied(META.fleet, "fleet"),
    ],
  };
}

/** What discovery says of a pod: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod */
export const META = {
  address: "__meta_kubernetes_pod_ip",
  phase: "__meta_kubernetes_pod_phase",
  pod: "__meta_kubernetes_pod_name",
  scrape: annotation("prometheus.io/scrape"),
  port: annotation("prometheus.io/port"),
  path: annotation("prometheus.io/path"),
  part: label("app.kubernetes.io/name"),
  fleet: label(FLEET_LABEL),
} as const;

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
