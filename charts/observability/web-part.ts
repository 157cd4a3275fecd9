import { createHash } from "node:crypto";
import type { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { environmentVariables, type EnvironmentValue } from "../environment.ts";
import { filled } from "../filled.ts";
import { labelsOf, selectorOf, type PartName } from "../names.ts";
import { restrictedContainer, restrictedPod } from "../pod-security.ts";
import type { Resources } from "../profile.ts";
import { port, requirements } from "../resources.ts";

const GRACE_SECONDS = 30;

/** The files of one or more ConfigMaps together, and where the program looks for them. */
export interface Files {
  /** Of the volume. */
  readonly name: string;
  readonly configMaps: readonly string[];
  readonly path: string;
}

/** A program that is not of this project and speaks HTTP on one port. */
export interface WebPart {
  readonly name: PartName;
  readonly image: string;
  /** The user of that image. */
  readonly user: number;
  readonly port: number;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  readonly healthPath: string;
  readonly readyPath: string;
  readonly resources: Resources;
  readonly files?: readonly Files[];
  /** Directories that it writes to, by the name of their volume; the root is read-only. */
  readonly scratch?: Readonly<Record<string, string>>;
  /** A volume of the StatefulSet's own. */
  readonly claim?: { readonly name: string; readonly path: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly account?: string;
  readonly usesKubernetes?: boolean;
}

/** Its pod, by the same house rules as the project's own. */
export function webPod(part: WebPart): k8s.PodTemplateSpec {
  const { name, user, account, annotations = {}, usesKubernetes = false, files = [], scratch = {} } = part;
  return {
    metadata: { labels: labelsOf(name), ...filled({ annotations: { ...annotations } }) },
    spec: {
      ...(account === undefined ? {} : { serviceAccountName: account }),
      automountServiceAccountToken: usesKubernetes,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: restrictedPod(user),
      containers: [container(part)],
      ...filled({
        volumes: [...files.map(filesVolume), ...Object.keys(scratch).map((volume) => ({ name: volume, emptyDir: {} }))],
      }),
    },
  };
}

function filesVolume({ name, configMaps }: Files): k8s.Volume {
  return { name, projected: { sources: configMaps.map((configMap) => ({ configMap: { name: configMap } })) } };
}

function container(part: WebPart): k8s.Container {
  const { name, image, environment = {}, files = [], scratch = {}, claim } = part;
  const probe = (path: string): k8s.Probe => ({ httpGet: { path, port: port("http") }, timeoutSeconds: 5 });
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    ...filled({ args: [...(part.arguments ?? [])], env: environmentVariables(environment) }),
    ports: [{ name: "http", containerPort: part.port, protocol: "TCP" }],
    resources: requirements(part.resources),
    securityContext: restrictedContainer,
    startupProbe: { ...probe(part.healthPath), periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...probe(part.healthPath), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe(part.readyPath), periodSeconds: 5, failureThreshold: 2 },
    ...filled({
      volumeMounts: [
        ...files.map(({ name: volume, path }) => ({ name: volume, mountPath: path, readOnly: true })),
        ...Object.entries(scratch).map(([volume, mountPath]) => ({ name: volume, mountPath })),
        ...(claim === undefined ? [] : [{ name: claim.name, mountPath: claim.path }]),
      ],
    }),
  };
}

/** What others reach it by. */
export function webService(scope: Construct, { name, port: number }: Pick<WebPart, "name" | "port">): void {
  new k8s.KubeService(scope, "service", {
    metadata: { name, labels: labelsOf(name) },
    spec: { selector: selectorOf(name), ports: [{ name: "http", port: number, targetPort: port("http") }] },
  });
}

/** Annotations by which Prometheus finds a pod, and the port of its `/metrics`. */
export function scrapeAnnotations(number: number): Readonly<Record<string, string>> {
  return { "prometheus.io/scrape": "true", "prometheus.io/port": String(number) };
}

/** An annotation by which changed files replace the pod: such programs read them at their start. */
export function filesAnnotation(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  return { "smart-home-bridge.dev/configuration": hash.slice(0, 16) };
}
