import { stringify } from "yaml";
import { dataSources } from "../dashboards/panel.ts";
import type { Profile } from "../../profile.ts";

/** Where Grafana finds the dashboards' files. */
export const DASHBOARD_DIRECTORY = "/etc/grafana/dashboards";

/**
 * Most that one query may read; BigQuery refuses a larger one before it costs anything. A day of 4,000 readings a second is
 * some 40 GiB of the columns that the audit reads, at Google's list price a quarter of a dollar.
 */
const MAX_BYTES_BILLED = 50 * 2 ** 30;

/**
 * How the frontend of Google's managed Prometheus wants to be asked, by Google's own
 * https://github.com/GoogleCloudPlatform/prometheus-engine/blob/main/cmd/datasource-syncer/main.go
 */
const MANAGED = { httpMethod: "GET", prometheusType: "Prometheus", prometheusVersion: "2.40.0" };

/** https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources */
export function dataSourceFile(profile: Profile, prometheusUrl: string, scrapeIntervalSeconds: number): string {
  const { bigQuery, monitoring } = profile;
  const prometheus = {
    name: "Prometheus",
    ...dataSources.prometheus,
    access: "proxy",
    url: prometheusUrl,
    isDefault: true,
    // From it Grafana derives $__rate_interval: four scrapes, so that one may be missing.
    jsonData: {
      timeInterval: `${scrapeIntervalSeconds}s`,
      ...(monitoring === "managed" ? MANAGED : { httpMethod: "POST" }),
    },
  };
  const google = {
    name: "BigQuery",
    ...dataSources.bigQuery,
    // Workload Identity: the metadata server gives the credentials of the pod's ServiceAccount. The names, one with a
    // capital letter, are those of https://grafana.com/docs/plugins/grafana-bigquery-datasource/latest/configure/
    jsonData: {
      authenticationType: "gce",
      defaultProject: bigQuery.project,
      MaxBytesBilled: MAX_BYTES_BILLED,
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
