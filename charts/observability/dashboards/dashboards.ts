import type { Profile } from "../../profile.ts";
import { autoscalingDashboard } from "./autoscaling.ts";
import { fleetDashboard } from "./fleet.ts";
import type { DashboardSpec } from "./panel.ts";
import { pipelineDashboard } from "./pipeline.ts";
import { resourcesDashboard } from "./resources.ts";
import { sensorsDashboard } from "./sensors.ts";

/** What Grafana opens first. */
export const HOME_DASHBOARD = pipelineDashboard.uid;

/** All dashboards of a set; Grafana speaks to BigQuery only where it is Google's, because its plugin has no other address. */
export function dashboardsOf(profile: Profile): readonly DashboardSpec[] {
  const { bigQuery } = profile;
  return [
    pipelineDashboard,
    autoscalingDashboard(profile),
    fleetDashboard,
    resourcesDashboard(profile),
    ...(bigQuery.kind === "google" ? [sensorsDashboard(bigQuery.project)] : []),
  ];
}
