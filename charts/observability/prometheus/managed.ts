import { ApiObject } from "cdk8s";
import { k8s } from "cdk8s-plus-34";
import { Construct } from "constructs";
import { FLEET_LABEL } from "../../../operator/api/names.ts";
import { images, labelsOf, parts, ports, selectorOf, type PartName } from "../../names.ts";
import type { Profile } from "../../profile.ts";
import { port } from "../../resources.ts";
import { disruptionBudget } from "../../streaming-service.ts";
import type { Traffic } from "../../traffic.ts";
import { ruleEntry } from "../rules/rule-file.ts";
import { ruleGroups } from "../rules/rule-groups.ts";
import { webPod, webService } from "../web-part.ts";
import { scrapedParts } from "./scrape-config.ts";

/** Every sample is paid for, so three times the interval of the portable set. */
export const MANAGED_INTERVAL_SECONDS = 15;

/** Where Google's collectors run: in clusters of one's own making, and in Autopilot. */
const COLLECTOR_NAMESPACES = ["gmp-system", "gke-gmp-system"];
const API_VERSION = "monitoring.googleapis.com/v1";
const USER = 1000;

/**
 * Google Cloud Managed Service for Prometheus: what it shall scrape, the same rules, and a frontend that speaks PromQL for
 * Grafana (https://cloud.google.com/stackdriver/docs/managed-prometheus/setup-managed). Its definitions are in every
 * Autopilot cluster.
 */
export class ManagedPrometheus extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, "managed-prometheus");
    const monitored = scrapedParts.filter((part) => part !== parts.bigQuery || profile.bigQuery.kind === "embedded");
    for (const part of monitored) podMonitoring(this, part);
    rules(this, profile);
    collectorsMayScrape(this, monitored);
    traffic.add(parts.prometheusFrontend, "internet", "google-metadata");
    frontend(this, profile);
  }
}

function podMonitoring(scope: Construct, part: PartName): void {
  new ApiObject(scope, `pod-monitoring-${part}`, {
    apiVersion: API_VERSION,
    kind: "PodMonitoring",
    metadata: { name: part, labels: labelsOf(part) },
    spec: {
      selector: { matchLabels: selectorOf(part) },
      endpoints: [{ port: "ops", path: "/metrics", interval: `${MANAGED_INTERVAL_SECONDS}s` }],
      targetLabels: {
        metadata: ["pod"],
        fromPod: [
          { from: "app.kubernetes.io/name", to: "part" },
          ...(part === parts.simulator ? [{ from: FLEET_LABEL, to: "fleet" }] : []),
        ],
      },
    },
  });
}

function rules(scope: Construct, profile: Profile): void {
  const groups = ruleGroups(profile).map(({ name, rules: each }) => ({
    name,
    interval: `${MANAGED_INTERVAL_SECONDS}s`,
    rules: each.map(ruleEntry),
  }));
  new ApiObject(scope, "rules", {
    apiVersion: API_VERSION,
    kind: "Rules",
    metadata: { name: "smart-home", labels: labelsOf(parts.prometheus) },
    spec: { groups },
  });
}

/** Policies add up: this one only opens what the parts' own ones leave shut. */
function collectorsMayScrape(scope: Construct, monitored: readonly PartName[]): void {
  new k8s.KubeNetworkPolicy(scope, "collectors", {
    metadata: { name: "managed-collection", labels: labelsOf(parts.prometheus) },
    spec: {
      podSelector: { matchExpressions: [{ key: "app.kubernetes.io/name", operator: "In", values: [...monitored] }] },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: COLLECTOR_NAMESPACES.map((name) => ({
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
          })),
          ports: [{ protocol: "TCP", port: port(ports.ops) }],
        },
      ],
    },
  });
}

/** Its ServiceAccount needs roles/monitoring.viewer by Workload Identity. */
function frontend(scope: Construct, { bigQuery }: Profile): void {
  const name = parts.prometheusFrontend;
  new k8s.KubeServiceAccount(scope, "account", {
    metadata: { name, labels: labelsOf(name) },
    automountServiceAccountToken: false,
  });
  new k8s.KubeDeployment(scope, "deployment", {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(name) },
      template: webPod({
        name,
        image: images.managedPrometheusFrontend,
        user: USER,
        port: ports.prometheus,
        arguments: [`--web.listen-address=:${ports.prometheus}`, `--query.project-id=${bigQuery.project}`],
        healthPath: "/-/healthy",
        readyPath: "/-/ready",
        resources: { cpu: "50m", memory: "64Mi", memoryLimit: "128Mi" },
        account: name,
      }),
    },
  });
  webService(scope, { name, port: ports.prometheus });
  disruptionBudget(scope, name);
}
