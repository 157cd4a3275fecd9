import { version, type ChartInputs } from "../config.ts";
import type { Profile } from "../profile.ts";

/**
 * GKE Autopilot with Google's BigQuery: three Kafka brokers, Workload Identity, managed collection of metrics. Requests
 * keep Autopilot's rules: at least 50m of CPU per pod, 1 to 6.5 GiB of memory per core
 * (https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests).
 */
export function gke({ PROJECT, REGION, GKE_IMAGE, DEVICE_HOST }: ChartInputs): Profile {
  return {
    name: "gke",
    namespace: "smart-home",
    image: GKE_IMAGE ?? `${REGION}-docker.pkg.dev/${PROJECT}/smart-home/smart-home-bridge:${version}`,
    bigQuery: { kind: "google", project: PROJECT, location: REGION },
    kafka: {
      brokers: 3,
      storageGib: 100,
      heap: "-Xms1g -Xmx1g",
      resources: { cpu: "500m", memory: "2Gi", memoryLimit: "2Gi", ephemeralStorage: "1Gi" },
    },
    mosquitto: {
      storage: "10Gi",
      isPublic: true,
      deviceHost: DEVICE_HOST,
      maxQueuedMib: 256,
      resources: { cpu: "250m", memory: "512Mi", memoryLimit: "1536Mi" },
    },
    writer: {
      resources: { cpu: "250m", memory: "512Mi", memoryLimit: "640Mi" },
      maxReplicas: 12,
      rowsPerSecond: 10_000,
      isThrottled: false,
      drainSeconds: 30,
      scaleDownStabilizationSeconds: 300,
      scaleDownPeriodSeconds: 120,
    },
    lagAdapterReplicas: 2,
    monitoring: "managed",
  };
}
