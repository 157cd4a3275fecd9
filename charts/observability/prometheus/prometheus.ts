import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { images, labelsOf, parts, ports, selectorOf } from "../../names.ts";
import type { Profile } from "../../profile.ts";
import { volumeClaim } from "../../resources.ts";
import { disruptionBudget } from "../../streaming-service.ts";
import type { Traffic } from "../../traffic.ts";
import { ruleFile } from "../rules/rule-file.ts";
import { ruleGroups } from "../rules/rule-groups.ts";
import { filesAnnotation, scrapeAnnotations, webPod, webService } from "../web-part.ts";
import { podScrape, prometheusConfig, scrapedParts } from "./scrape-config.ts";

/** User `nobody` of the official image. */
const USER = 65534;
const CONFIG_MAP = "prometheus-config";
const CONFIG_DIRECTORY = "/etc/prometheus";
const DATA = { name: "data", size: "5Gi", path: "/prometheus" };
/** Two days come first unless there are very many pods; the size keeps the disk from filling. */
const RETENTION = { time: "2d", size: "4GB" };

/** Scrapes every pod of the namespace that asks for it, and keeps two days. */
export class Prometheus extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.prometheus);
    traffic.add(parts.prometheus, "api-server");
    traffic.allow(parts.prometheus, parts.prometheus, ports.prometheus);
    for (const part of scrapedParts) traffic.allow(parts.prometheus, part, ports.ops);
    const files = {
      "prometheus.yml": prometheusConfig(`${CONFIG_DIRECTORY}/rules.yml`, [podScrape(profile.namespace)]),
      "rules.yml": ruleFile(ruleGroups(profile)),
    };
    new k8s.KubeConfigMap(this, "config", {
      metadata: { name: CONFIG_MAP, labels: labelsOf(parts.prometheus) },
      data: files,
    });
    server(this, files);
    webService(this, { name: parts.prometheus, port: ports.prometheus });
    disruptionBudget(this, parts.prometheus);
    rights(this, profile);
  }
}

function server(scope: Construct, files: Readonly<Record<string, string>>): void {
  new k8s.KubeStatefulSet(scope, "stateful-set", {
    metadata: { name: parts.prometheus, labels: labelsOf(parts.prometheus) },
    spec: {
      replicas: 1,
      serviceName: parts.prometheus,
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(parts.prometheus) },
      template: webPod({
        name: parts.prometheus,
        image: images.prometheus,
        user: USER,
        port: ports.prometheus,
        arguments: [
          `--config.file=${CONFIG_DIRECTORY}/prometheus.yml`,
          `--storage.tsdb.path=${DATA.path}`,
          `--storage.tsdb.retention.time=${RETENTION.time}`,
          `--storage.tsdb.retention.size=${RETENTION.size}`,
          `--web.listen-address=:${ports.prometheus}`,
        ],
        healthPath: "/-/healthy",
        readyPath: "/-/ready",
        resources: { cpu: "50m", memory: "192Mi", memoryLimit: "512Mi" },
        files: [{ name: "config", configMaps: [CONFIG_MAP], path: CONFIG_DIRECTORY }],
        claim: DATA,
        annotations: {
          ...scrapeAnnotations(ports.prometheus),
          ...filesAnnotation(files),
        },
        account: parts.prometheus,
        usesKubernetes: true,
      }),
      volumeClaimTemplates: [volumeClaim(DATA.name, DATA.size)],
    },
  });
}

/** To find the pods of this namespace, and nothing else. */
function rights(scope: Construct, { namespace }: Profile): void {
  const metadata = { name: parts.prometheus, labels: labelsOf(parts.prometheus) };
  new k8s.KubeServiceAccount(scope, "account", { metadata, automountServiceAccountToken: false });
  new k8s.KubeRole(scope, "role", {
    metadata,
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
  });
  new k8s.KubeRoleBinding(scope, "role-binding", {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: parts.prometheus },
    subjects: [{ kind: "ServiceAccount", name: parts.prometheus, namespace }],
  });
}
