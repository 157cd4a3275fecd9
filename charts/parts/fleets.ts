import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { API_VERSION, KIND } from "../../operator/api/names.ts";
import type { SensorFleetSpec } from "../../operator/api/sensor-fleet.ts";

/** The operator looks nowhere else: a fleet in another namespace would be accepted, and nothing would come of it. */
const NAMESPACE = "smart-home";

/** A `SensorFleet` as a user writes it: what is not said has a default. */
export interface FleetManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Partial<SensorFleetSpec>;
}

function fleet(name: string, spec: Partial<SensorFleetSpec>): FleetManifest {
  return { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: NAMESPACE }, spec };
}

/** The fleet file of the local demo, as an object of the cluster: their fields are the same. */
function fromFile(file: string): FleetManifest {
  const { name, ...spec } = parse(readFileSync(new URL(`../../fleets/${file}`, import.meta.url), "utf8")) as {
    name: string;
  } & Partial<SensorFleetSpec>;
  return fleet(name, spec);
}

/** What a new installation begins with; the operator makes it once. */
export const defaultFleet = fromFile("city.yaml");

/** Samples for `k8s-out/fleets`, by file name, each with a sentence for its head. */
export const sampleFleets: readonly { readonly about: string; readonly manifest: FleetManifest }[] = [
  {
    about: "Load for the autoscaler: 2,000 devices, one reading a second each. `make hpa-demo` makes its own like it.",
    manifest: fleet("load", { devices: 2000, interval: "1s", jitter: "200ms", seed: 7 }),
  },
  {
    about:
      "A day in ten minutes: devices come, stay and go; the run is complete then, and the fleet deleted an hour later.",
    manifest: fleet("day", {
      devices: 500,
      interval: "2s",
      stages: [
        { duration: "2m", devicesPercent: 20, ramp: "Linear" },
        { duration: "3m", devicesPercent: 100, ramp: "Linear" },
        { duration: "3m", devicesPercent: 100, ramp: "Step" },
        { duration: "2m", devicesPercent: 0, ramp: "Linear" },
      ],
      run: { runId: "1", maxDuration: "10m", ttlAfterFinished: "1h" },
    }),
  },
  {
    about: "Everything that goes wrong with real devices, at once. The audit must still be clean.",
    manifest: fleet("trouble", {
      devices: 100,
      interval: "1s",
      jitter: "500ms",
      faults: [
        { type: "Disconnect", devices: "20%", every: "1m", duration: "10s" },
        { type: "Duplicate", readings: "5%" },
        { type: "Late", readings: "5%", delay: "30s" },
        { type: "OutOfOrder", readings: "5%" },
        { type: "CorruptPayload", readings: "1%" },
        { type: "StuckValue", field: "temperature_c", devices: "5%", every: "10m", duration: "1m" },
        { type: "Drift", field: "humidity_pct", perHour: 5, devices: "5%", every: "1h", duration: "10m" },
        { type: "ClockSkew", offsetSeconds: -120, devices: "5%", every: "10m", duration: "2m" },
      ],
    }),
  },
];
