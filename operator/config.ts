import { z } from "zod";
import {
  duration,
  integer,
  loadConfig,
  runtimeVariables,
  text,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";

const quantity = (): z.ZodType<string, string> =>
  text("a quantity such as 100m or 256Mi", /^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$/);

/** Every variable of the operator; the table in README.md is made from it. Durations are milliseconds. */
export const operatorSchema = z
  .object({
    NAMESPACE: text("a namespace", /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/).describe(
      "Where the fleets are, with all that is made for them, and the lease.",
    ),
    POD_NAME: text().describe("Names this process in the lease and in events; the pod's name."),
    KUBECONFIG: text().optional().describe("How to reach the API server from outside; in a pod: not set."),
    KUBERNETES_SERVICE_HOST: text().optional().describe("Set by Kubernetes in every pod."),
    KUBERNETES_SERVICE_PORT: text().optional().describe("Set by Kubernetes in every pod."),
    SIMULATOR_IMAGE: text().describe("Image of the fleets' pods, where a fleet names none."),
    FLEET_MQTT_URL: url(["mqtt:", "mqtts:"]).describe("The broker of all fleets."),
    POD_CPU_REQUEST: quantity().default("50m").describe("Of each pod of a fleet that says nothing about it."),
    POD_MEMORY_REQUEST: quantity().default("160Mi").describe("Likewise."),
    POD_MEMORY_LIMIT: quantity().default("400Mi").describe("Likewise; 500 devices take some 150 MiB."),
    POD_STOP_GRACE_PERIOD: duration({ min: 1000, max: 3_600_000 })
      .default(30_000)
      .describe("Whole seconds that a pod of a fleet has to deliver what it made."),
    WORKERS: integer({ min: 1, max: 64 }).default(4).describe("Fleets that are worked on at the same time."),
    STATUS_INTERVAL: duration({ min: 100, max: 600_000 })
      .default(10_000)
      .describe("So often the pods are asked; at most so often numbers in a status change."),
    LEASE_DURATION: duration({ min: 1000, max: 600_000 })
      .default(15_000)
      .describe("Another operator takes over after so long without a sign of life."),
    ...runtimeVariables,
  })
  .refine(({ KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host }) => file !== undefined || host !== undefined, {
    message: "KUBECONFIG must be set outside of a cluster",
  })
  .refine((config) => config.POD_STOP_GRACE_PERIOD % 1000 === 0, {
    message: "POD_STOP_GRACE_PERIOD must be whole seconds: Kubernetes knows no fractions",
  });

export type OperatorConfig = z.output<typeof operatorSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env): LoadedConfig<OperatorConfig> {
  return loadConfig(operatorSchema, environment, { prefixes: ["FLEET_", "POD_", "SIMULATOR_", "LEASE_", "STATUS_"] });
}
