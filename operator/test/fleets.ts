/** Fleets as the API server would give them: with defaults. */
import type { SensorFleet, SensorFleetSpec, SensorFleetStatus } from "../api/sensor-fleet.ts";
import { API_VERSION, KIND } from "../api/names.ts";

export const NOW_MS = Date.UTC(2026, 0, 31, 12);
export const NOW = "2026-01-31T12:00:00Z";

export function sensorFleet(spec: Partial<SensorFleetSpec> = {}, status?: Partial<SensorFleetStatus>): SensorFleet {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: "city", namespace: "smart-home", uid: "uid-1", generation: 7 },
    spec: {
      devices: 1200,
      seed: 1,
      interval: "5s",
      jitter: "0ms",
      history: "0ms",
      connectsPerSecond: 200,
      maxInFlight: 10,
      suspend: false,
      run: { runId: "1" },
      template: { devicesPerPod: 500 },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}
