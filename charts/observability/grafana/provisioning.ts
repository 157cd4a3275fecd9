import { stringify } from "yaml";
import { dataSources } from "../dashboards/panel.ts";
import type { Profile } from "../../profile.ts";

/** Where Grafana finds the dashboards' files. */
export const DASHBOARD_DIRECTORY = "/etc/grafana/dashboards";

/** https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources */
export function dataSourceFile(profile: Profile, prometheusUrl: string, scrapeIntervalSeconds: number): string {
  const { bigQuery } = profile;
  const prometheus = {
    name: "Prometheus",
    ...dataSources.prometheus,
    access: "proxy",
    url: prometheusUrl,
    isDefault: true,
    // From it Grafana derives $__rate_interval: four scrapes, so that one may be missing.
    jsonData: { timeInterval: `${scrapeIntervalSeconds}s`, httpMethod: "POST" },
  };
  const google = {
    name: "BigQuery",
    ...dataSources.bigQuery,
    // Workload Identity: the metadata server gives the credentials of the pod's ServiceAccount.
    jsonData: {
      authenticationType: "gce",
      defaultProject: bigQuery.project,
      ...(bigQuery.kind === "google" ? { processingLocation: bigQuery.location } : {}),
    },
  };
  return stringify({
    apiVersion: 1,
    datasources: [prometheus, ...(bigQuery.kind === "google" ? [google] : [])],
  });
}

/** https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards */
export function dashboardProviderFile(): string {
  return stringify({
    apiVersion: 1,
    providers: [
      {
        name: "smart-home-bridge",
        type: "file",
        disableDeletion: true,
        allowUiUpdates: false,
        options: { path: DASHBOARD_DIRECTORY },
      },
    ],
  });
}
