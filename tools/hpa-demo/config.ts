import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { MAX_DEVICES } from "#fleets";
import { duration, integer, loadConfig, text, type Environment } from "#runtime";

/** What `make hpa-demo` takes. Durations are milliseconds. */
export const demoSchema = z.object({
  KUBECONFIG: text()
    .default(join(homedir(), ".kube", "config"))
    .describe("The cluster; `kubectl apply -f k8s-out` must have been done there."),
  NAMESPACE: text().default("smart-home").describe("Where the pipeline is."),
  FLEET: text().default("hpa-demo").describe("Name of the fleet that is made, and deleted at the end."),
  DEVICES: integer({ min: 1, max: MAX_DEVICES })
    .optional()
    .describe("Its devices, one reading a second each; none given: as many as take three writers."),
  BURST: duration({ min: 10_000, max: 3_600_000 })
    .default(180_000)
    .describe("The load ends when the writers have grown and the lag falls, after this time at the latest."),
  PATIENCE: duration({ min: 60_000, max: 7_200_000 })
    .default(1_200_000)
    .describe("How long it may take in all until one writer is left."),
  SAMPLE_INTERVAL: duration({ min: 200, max: 60_000 }).default(2000).describe("Time between two looks."),
  OUTPUT: text().default(".local/hpa-demo").describe("Folder of `timeline.csv` and `timeline.svg`."),
});

/** Times what one writer takes. */
const LOAD = 2.2;

/**
 * A load for three writers, each of which takes so many readings a second; in whole hundreds.
 *
 * @throws if the autoscaler does not say how many.
 */
export function devicesFor(readingsPerSecond: number): number {
  if (Number.isNaN(readingsPerSecond))
    throw new Error("the autoscaler has no target for the append rate: give DEVICES");
  return Math.min(MAX_DEVICES, Math.max(100, Math.ceil((readingsPerSecond * LOAD) / 100) * 100));
}

export type DemoConfig = z.output<typeof demoSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env, args: readonly string[] = []): DemoConfig {
  return loadConfig(demoSchema, environment, { args }).config;
}
