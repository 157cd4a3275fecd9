import { z } from "zod";
import { kubernetesVariables } from "#kubernetes";
import {
  ConfigError,
  duration,
  integer,
  list,
  loadConfig,
  runtimeVariables,
  text,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";
import { READER } from "./api/names.ts";
import type { FleetManifest } from "./api/manifest.ts";
import { secretProblems } from "./credentials/wanted.ts";
import { readManifestFile } from "./manifest-file.ts";

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const NAME = `${LABEL}([.]${LABEL})*`;
const DAY_MS = 86_400_000;

const quantity = (): z.ZodType<string, string> =>
  text("a quantity such as 100m or 256Mi", /^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$/);

/** Every variable of the operator; the table in README.md is made from it. Durations are milliseconds. */
export const operatorSchema = z
  .object({
    NAMESPACE: text("a namespace", /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/).describe(
      "Where the fleets are, with all that is made for them, and the lease.",
    ),
    POD_NAME: text().describe("Names this process in the lease and in events; the pod's name."),
    ...kubernetesVariables,
    SIMULATOR_IMAGE: text().describe("Image of the fleets' pods, where a fleet names none."),
    FLEET_MQTT_URL: url(["mqtt:", "mqtts:"]).describe("The broker of all fleets."),
    POD_CPU_REQUEST: quantity().default("50m").describe("Of each pod of a fleet that says nothing about it."),
    POD_MEMORY_REQUEST: quantity().default("160Mi").describe("Likewise."),
    POD_MEMORY_LIMIT: quantity().default("400Mi").describe("Likewise; 500 devices take some 150 MiB."),
    POD_EPHEMERAL_STORAGE: quantity().default("64Mi").describe("Likewise; both requested and the limit."),
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
    TLS_SERVICES: list("names of services", new RegExp(`^${LABEL}$`))
      .optional()
      .describe("Services that get a server certificate: `NAME` in the Secret `NAME-tls`."),
    TLS_EXTRA_NAMES: list("service:dns-name", new RegExp(`^${LABEL}:([*][.])?${NAME}$`))
      .optional()
      .describe("More DNS names in the certificates of these services."),
    CERTIFICATE_LIFETIME: duration({ min: 10_000, max: 825 * DAY_MS })
      .default(90 * DAY_MS)
      .describe("Of server certificates; renewed when a third of it is left."),
    MQTT_USERS: list("names", new RegExp(`^${LABEL}$`))
      .optional()
      .describe(
        `Users of the broker beside the fleets: \`NAME\` is \`_NAME\`, in the Secret \`mqtt-user-NAME\`; only \`${READER}\`, who reads, has no underscore.`,
      ),
    RANDOM_SECRETS: list("secret:key", new RegExp(`^${NAME}:[A-Za-z0-9._-]{1,253}$`))
      .optional()
      .describe("Secrets that are made with a random value of 22 characters under that key."),
    API_SERVICE: text("a name", new RegExp(`^${NAME}$`))
      .optional()
      .describe("APIService that is given the authority, if a service of the namespace stands behind it."),
    DEFAULT_FLEET_FILE: text()
      .optional()
      .describe("A `SensorFleet` in YAML or JSON that is made once, at the first start."),
    DEFAULT_FLEET_AFTER: text("a name", new RegExp(`^${NAME}$`))
      .optional()
      .describe("StatefulSet that must have a ready pod before."),
    ...runtimeVariables,
  })
  .refine(({ KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host }) => file !== undefined || host !== undefined, {
    message: "KUBECONFIG must be set outside of a cluster",
  })
  .refine((config) => config.POD_STOP_GRACE_PERIOD % 1000 === 0, {
    message: "POD_STOP_GRACE_PERIOD must be whole seconds: Kubernetes knows no fractions",
  });

/** The variables, and what stands in the file that they name. */
export type OperatorConfig = z.output<typeof operatorSchema> & { readonly defaultFleet: FleetManifest | undefined };

/** @throws ConfigError with every problem of the variables, or else of the Secrets that they ask for and of the file. */
export function readConfig(environment: Environment = process.env): LoadedConfig<OperatorConfig> {
  const { config, warnings } = loadConfig(operatorSchema, environment, { prefixes: PREFIXES });
  const problems = secretProblems(config);
  const file = config.DEFAULT_FLEET_FILE;
  const defaultFleet =
    file === undefined ? undefined : collected(problems, () => readManifestFile(file, config.NAMESPACE));
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: { ...config, defaultFleet }, warnings };
}

const PREFIXES = [
  "FLEET_",
  "POD_",
  "SIMULATOR_",
  "LEASE_",
  "STATUS_",
  "TLS_",
  "MQTT_",
  "RANDOM_",
  "CERTIFICATE_",
  "DEFAULT_",
];

/** Adds the problems of a ConfigError to others. */
function collected<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
