import type { ChartInputs } from "../config.ts";
import type { Profile } from "../profile.ts";

/**
 * Any cluster, also a small one: all CPU requests together stay below 1.5 cores, four writers and a fleet of 2,000
 * devices included. BigQuery is the embedded one. A writer takes 1,000 rows a second, so that a fleet can outrun it.
 */
export function portable({ IMAGE, DEVICE_HOST }: ChartInputs): Profile {
  return {
    name: "portable",
    namespace: "smart-home",
    image: IMAGE,
    bigQuery: { kind: "embedded", project: "smart-home", storage: "10Gi" },
    kafka: {
      brokers: 1,
      storageGib: 10,
      heap: "-Xms256m -Xmx512m",
      resources: { cpu: "250m", memory: "768Mi", memoryLimit: "1280Mi", ephemeralStorage: "256Mi" },
    },
    mosquitto: {
      storage: "2Gi",
      isPublic: false,
      deviceHost: DEVICE_HOST,
      maxQueuedMib: 96,
      resources: { cpu: "50m", memory: "64Mi", memoryLimit: "512Mi" },
    },
    writer: {
      resources: { cpu: "50m", memory: "224Mi", memoryLimit: "512Mi" },
      maxReplicas: 4,
      rowsPerSecond: 1000,
      isThrottled: true,
      drainSeconds: 15,
      scaleDownStabilizationSeconds: 120,
      scaleDownPeriodSeconds: 60,
    },
    lagAdapterReplicas: 1,
    monitoring: "prometheus",
  };
}
