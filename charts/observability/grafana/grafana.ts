import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import type { EnvironmentValue } from "../../environment.ts";
import { grafanaPlugins, images, labelsOf, parts, ports, secrets, selectorOf } from "../../names.ts";
import type { Profile } from "../../profile.ts";
import { disruptionBudget } from "../../streaming-service.ts";
import type { Traffic } from "../../traffic.ts";
import { dashboardsOf, HOME_DASHBOARD } from "../dashboards/dashboards.ts";
import { renderDashboard } from "../dashboards/render.ts";
import { MANAGED_INTERVAL_SECONDS } from "../prometheus/managed.ts";
import { SCRAPE_INTERVAL_SECONDS } from "../prometheus/scrape-config.ts";
import { filesAnnotation, scrapeAnnotations, webPod, webService, type Files } from "../web-part.ts";
import { DASHBOARD_DIRECTORY, dashboardProviderFile, dataSourceFile } from "./provisioning.ts";

/** User `grafana` of the official image. */
const USER = 472;
const PROVISIONING = "/etc/grafana/provisioning";

/** ServiceAccount that Workload Identity lets read BigQuery on GKE. */
export const GRAFANA_ACCOUNT = "grafana";

/**
 * Dashboards to look at, for whoever can `kubectl port-forward`: nobody needs to log in, and nobody can change anything.
 * What it is made of is in the manifests; it keeps nothing.
 */
export class Grafana extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.grafana);
    const isManaged = profile.monitoring === "managed";
    const source = isManaged ? parts.prometheusFrontend : parts.prometheus;
    traffic.allow(parts.grafana, source, ports.prometheus);
    // Its CPU and memory. GKE measures them by itself, and there each of Grafana's many series would be paid for.
    if (!isManaged) traffic.allow(parts.prometheus, parts.grafana, ports.grafana);
    const isGoogle = profile.bigQuery.kind === "google";
    if (isGoogle) traffic.add(parts.grafana, "internet", "google-metadata");
    const url = `http://${source}.${profile.namespace}.svc:${ports.prometheus}`;
    const maps = configMaps(profile, url, isManaged ? MANAGED_INTERVAL_SECONDS : SCRAPE_INTERVAL_SECONDS);
    for (const [name, data] of Object.entries(maps))
      new k8s.KubeConfigMap(this, name, { metadata: { name, labels: labelsOf(parts.grafana) }, data });
    if (isGoogle)
      new k8s.KubeServiceAccount(this, "account", {
        metadata: { name: GRAFANA_ACCOUNT, labels: labelsOf(parts.grafana) },
        automountServiceAccountToken: false,
      });
    deployment(this, profile, maps);
    webService(this, { name: parts.grafana, port: ports.grafana });
    disruptionBudget(this, parts.grafana);
  }
}

type ConfigMaps = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SOURCES = "grafana-data-sources";
const PROVIDERS = "grafana-dashboard-providers";
const DASHBOARDS = "grafana-dashboards";

/** Files by their ConfigMap; a dashboard has one of its own, because a ConfigMap is not without an end. */
function configMaps(profile: Profile, url: string, intervalSeconds: number): ConfigMaps {
  const dashboards = dashboardsOf(profile).map((spec) => {
    const json = JSON.stringify(renderDashboard(spec), undefined, 1);
    return [`${DASHBOARDS}-${spec.uid}`, { [`${spec.uid}.json`]: `${json}\n` }] as const;
  });
  return {
    [SOURCES]: { "data-sources.yaml": dataSourceFile(profile, url, intervalSeconds) },
    [PROVIDERS]: { "dashboards.yaml": dashboardProviderFile() },
    ...Object.fromEntries(dashboards),
  };
}

function mounted(maps: ConfigMaps): readonly Files[] {
  return [
    { name: SOURCES, configMaps: [SOURCES], path: `${PROVISIONING}/datasources` },
    { name: PROVIDERS, configMaps: [PROVIDERS], path: `${PROVISIONING}/dashboards` },
    {
      name: DASHBOARDS,
      configMaps: Object.keys(maps).filter((name) => name.startsWith(`${DASHBOARDS}-`)),
      path: DASHBOARD_DIRECTORY,
    },
  ];
}

function deployment(scope: Construct, profile: Profile, maps: ConfigMaps): void {
  const isGoogle = profile.bigQuery.kind === "google";
  const all = Object.assign({}, ...Object.values(maps)) as Record<string, string>;
  new k8s.KubeDeployment(scope, "deployment", {
    metadata: { name: parts.grafana, labels: labelsOf(parts.grafana) },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(parts.grafana) },
      strategy: { type: "Recreate" },
      template: webPod({
        name: parts.grafana,
        image: images.grafana,
        user: USER,
        port: ports.grafana,
        environment: environment(isGoogle),
        healthPath: "/api/health",
        readyPath: "/api/health",
        // The plugin for BigQuery is unpacked into the scratch directory.
        resources: {
          cpu: "50m",
          memory: "256Mi",
          memoryLimit: "512Mi",
          ephemeralStorage: isGoogle ? "1Gi" : "256Mi",
        },
        files: mounted(maps),
        scratch: { data: "/var/lib/grafana", tmp: "/tmp" },
        annotations: {
          ...(profile.monitoring === "managed" ? {} : scrapeAnnotations(ports.grafana)),
          ...filesAnnotation(all),
        },
        ...(isGoogle ? { account: GRAFANA_ACCOUNT } : {}),
      }),
    },
  });
}

/**
 * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/. Since 13 most data sources are plugins that the
 * image brings along, and that Grafana tries to renew at its start, where the root is read-only: it must not
 * (https://github.com/grafana/grafana/issues/131490).
 */
function environment(isGoogle: boolean): Record<string, EnvironmentValue> {
  const { name, key } = secrets.grafanaPassword;
  return {
    GF_SECURITY_ADMIN_PASSWORD: { secret: name, key },
    GF_SERVER_HTTP_PORT: String(ports.grafana),
    GF_AUTH_ANONYMOUS_ENABLED: "true",
    GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
    GF_USERS_ALLOW_SIGN_UP: "false",
    GF_ANALYTICS_REPORTING_ENABLED: "false",
    GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    GF_NEWS_NEWS_FEED_ENABLED: "false",
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${DASHBOARD_DIRECTORY}/${HOME_DASHBOARD}.json`,
    ...(isGoogle
      ? {
          // `preinstall_disabled` would disable this one too: https://github.com/grafana/grafana/blob/main/pkg/setting/setting_plugins.go
          GF_PLUGINS_PREINSTALL_SYNC: grafanaPlugins.bigQuery,
          GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
          GF_PLUGINS_DISABLE_PLUGINS: UNUSED_PLUGINS.join(","),
        }
      : { GF_PLUGINS_PREINSTALL_DISABLED: "true" }),
  };
}

/** Apps that Grafana would fetch at its start and nobody here uses. */
const UNUSED_PLUGINS = [
  "grafana-lokiexplore-app",
  "grafana-pyroscope-app",
  "grafana-exploretraces-app",
  "grafana-metricsdrilldown-app",
  "grafana-advisor-app",
];
