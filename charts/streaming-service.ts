import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import type { z } from "zod";
import type { RuntimeConfig } from "#runtime";
import { checkEnvironment, environmentVariables, type EnvironmentOf, type EnvironmentValue } from "./environment.ts";
import { labelsOf, ports, selectorOf, type PartName } from "./names.ts";
import { restrictedContainer, restrictedPod } from "./pod-security.ts";
import type { Profile, Resources } from "./profile.ts";
import { port, requirements, volumeClaim } from "./resources.ts";

/** The user of the project's image. */
const USER = 1000;

/** A directory in the container with the files of a Secret or ConfigMap. The pod waits until that is there. */
export interface Mount {
  readonly path: string;
  readonly from: { readonly secret: string } | { readonly configMap: string };
}

/** A volume of each pod's own. */
export interface Claim {
  readonly name: string;
  readonly size: string;
  readonly path: string;
}

/** What a part of the pipeline asks for; the rest is the house rules. */
export interface StreamingServiceProps<Schema extends z.ZodObject> {
  readonly profile: Profile;
  readonly name: PartName;
  /** Path of the program in the image. */
  readonly program: string;
  readonly arguments?: readonly string[];
  /** Node's own flags. */
  readonly nodeFlags?: readonly string[];
  readonly schema: Schema;
  readonly environment: EnvironmentOf<Schema>;
  /** For what no configuration of ours reads, such as `NODE_EXTRA_CA_CERTS`. */
  readonly platformEnvironment?: Readonly<Record<string, string>>;
  readonly resources: Resources;
  /** StatefulSet: pods with names and volumes of their own. */
  readonly workload: "Deployment" | "StatefulSet";
  /** None: an HPA decides. */
  readonly replicas?: number;
  /** Only one at a time, also during an update. */
  readonly isSingle?: boolean;
  /** An update starts the new pod before the old one ends: for what must never be away. */
  readonly isAlwaysThere?: boolean;
  /** What others connect to; a Service of the part's name is made for them. */
  readonly listens?: Readonly<Record<string, number>>;
  readonly mounts?: readonly Mount[];
  /** Only of a StatefulSet. */
  readonly claim?: Claim;
  /** ServiceAccount; none: the namespace's own, which has no rights. */
  readonly account?: string;
  /** Whether the pod speaks to the API server; else it has no token. */
  readonly usesKubernetes?: boolean;
}

/**
 * A program of this project in the cluster, by the house rules: Restricted security, probes, requests, a grace period that
 * is the program's own, a disruption budget, no token unless it needs one, scraped by annotation, its configuration
 * checked while the manifests are made.
 */
export class StreamingService<Schema extends z.ZodObject> extends Construct {
  constructor(scope: Construct, props: StreamingServiceProps<Schema>) {
    super(scope, props.name);
    const values: Record<string, EnvironmentValue> = {
      ...(props.environment as Record<string, EnvironmentValue>),
      OPS_HOST: "0.0.0.0",
      OPS_PORT: String(ports.ops),
    };
    const config = checkEnvironment(props.schema, values as EnvironmentOf<Schema>) as unknown as RuntimeConfig;
    const template = podTemplate(props, values, config);
    if (props.workload === "Deployment") deployment(this, props, template);
    else statefulSet(this, props, template);
    if (props.listens !== undefined) service(this, props);
    disruptionBudget(this, props.name);
  }
}

/** At most one pod at a time is taken away on purpose; never none, which would block the upgrade of a node. */
export function disruptionBudget(scope: Construct, name: string): void {
  new k8s.KubePodDisruptionBudget(scope, "disruption-budget", {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      maxUnavailable: port(1),
      selector: { matchLabels: selectorOf(name) },
      // Else a pod that is not ready could never be evicted, and would hold up the drain of its node:
      // https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}

function deployment(scope: Construct, props: StreamingServiceProps<z.ZodObject>, template: k8s.PodTemplateSpec): void {
  const { name, replicas } = props;
  new k8s.KubeDeployment(scope, "deployment", {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(name) },
      strategy: strategy(props),
      template,
    },
  });
}

function strategy({
  isSingle = false,
  isAlwaysThere = false,
}: StreamingServiceProps<z.ZodObject>): k8s.DeploymentStrategy {
  if (isSingle) return { type: "Recreate" };
  // Of a consumer a pod more would mean two rebalances instead of one, and a small cluster may have no room for it.
  const [surge, away] = isAlwaysThere ? [1, 0] : [0, 1];
  return { type: "RollingUpdate", rollingUpdate: { maxSurge: port(surge), maxUnavailable: port(away) } };
}

function statefulSet(scope: Construct, props: StreamingServiceProps<z.ZodObject>, template: k8s.PodTemplateSpec): void {
  const { name, replicas, claim } = props;
  new k8s.KubeStatefulSet(scope, "stateful-set", {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      replicas: replicas ?? 1,
      serviceName: name,
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(name) },
      template,
      ...(claim === undefined ? {} : { volumeClaimTemplates: [volumeClaim(claim.name, claim.size)] }),
    },
  });
}

function service(scope: Construct, { name, listens = {} }: StreamingServiceProps<z.ZodObject>): void {
  new k8s.KubeService(scope, "service", {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      selector: selectorOf(name),
      ports: Object.entries(listens).map(([portName, number]) => ({
        name: portName,
        port: number,
        targetPort: port(portName),
      })),
    },
  });
}

function podTemplate(
  props: StreamingServiceProps<z.ZodObject>,
  values: Record<string, EnvironmentValue>,
  config: RuntimeConfig,
): k8s.PodTemplateSpec {
  const { name, account, usesKubernetes = false, mounts = [] } = props;
  return {
    metadata: {
      labels: labelsOf(name),
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(ports.ops) },
    },
    spec: {
      ...(account === undefined ? {} : { serviceAccountName: account }),
      automountServiceAccountToken: usesKubernetes,
      // A Service `kafka` would otherwise put KAFKA_PORT and the like into every environment.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: Math.ceil(config.STOP_GRACE_PERIOD / 1000),
      securityContext: restrictedPod(USER),
      containers: [container(props, values)],
      volumes: [{ name: "tmp", emptyDir: {} }, ...mounts.map(volume)],
    },
  };
}

function container(props: StreamingServiceProps<z.ZodObject>, values: Record<string, EnvironmentValue>): k8s.Container {
  const { name, profile, program, nodeFlags = [], listens = {}, mounts = [], claim, resources } = props;
  const platform = props.platformEnvironment ?? {};
  return {
    name,
    image: profile.image,
    imagePullPolicy: "IfNotPresent",
    args: [...nodeFlags, program, ...(props.arguments ?? [])],
    env: environmentVariables({ ...values, ...platform }),
    ports: Object.entries({ ops: ports.ops, ...listens }).map(([portName, number]) => ({
      name: portName,
      containerPort: number,
      protocol: "TCP",
    })),
    resources: requirements(resources),
    securityContext: restrictedContainer,
    ...probes,
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      ...mounts.map(volumeMount),
      ...(claim === undefined ? [] : [{ name: claim.name, mountPath: claim.path }]),
    ],
  };
}

/** `/healthz` says that the process lives, `/readyz` what it still waits for; both on the port for probes. */
export const probes = {
  startupProbe: { httpGet: { path: "/healthz", port: port("ops") }, periodSeconds: 2, failureThreshold: 60 },
  livenessProbe: {
    httpGet: { path: "/healthz", port: port("ops") },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
  readinessProbe: {
    httpGet: { path: "/readyz", port: port("ops") },
    periodSeconds: 5,
    timeoutSeconds: 5,
    failureThreshold: 2,
  },
} satisfies Partial<k8s.Container>;

/** The volume behind a mount; named after what it holds. */
export function volume({ from }: Mount): k8s.Volume {
  // Readable by the group, which is the pod's `fsGroup`.
  if ("secret" in from) return { name: from.secret, secret: { secretName: from.secret, defaultMode: 0o440 } };
  return { name: from.configMap, configMap: { name: from.configMap } };
}

export function volumeMount({ path, from }: Mount): k8s.VolumeMount {
  return { name: "secret" in from ? from.secret : from.configMap, mountPath: path, readOnly: true };
}
