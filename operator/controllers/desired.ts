import { createHash } from "node:crypto";
import {
  ACCESS_ANNOTATION,
  API_VERSION,
  APPLIED_ANNOTATION,
  childName,
  FLEET_LABEL,
  IDENTITY_ANNOTATION,
  KIND,
} from "../api/names.ts";
import { fleetFileOf } from "../api/fleet-file.ts";
import type { Quantities, SensorFleet } from "../api/sensor-fleet.ts";
import { AUTHORITY, TRUSTED } from "../credentials/names.ts";
import { hashOf } from "../kube/apply.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "#kubernetes";
import type { RunState } from "./run-state.ts";

/** What the operator decides for all fleets. */
export interface FleetSettings {
  readonly image: string;
  readonly mqttUrl: string;
  /** Where a fleet says nothing about a resource. */
  readonly requests: Quantities;
  readonly limits: Quantities;
  /** `terminationGracePeriodSeconds`, and the simulator's `STOP_GRACE_PERIOD`. */
  readonly stopGraceSeconds: number;
}

/** What a fleet's pods log in with, as hashes: pods that were started with something else are replaced. */
export interface Access {
  /** Of the name and password in the fleet's Secret. */
  readonly account: string;
  /** Of the authorities to trust; none: the broker is spoken to without TLS. */
  readonly authority: string | undefined;
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface StatefulSet extends KubeObject {
  readonly spec: { readonly replicas?: number } & Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updateRevision?: string;
    readonly observedGeneration?: number;
  };
}

/** Everything that a fleet should consist of. */
export interface Desired {
  readonly configMap: ConfigMap;
  readonly statefulSet: StatefulSet;
  /** Of the fleet file. */
  readonly fileHash: string;
  readonly pods: number;
}

/** Where the pods serve probes, metrics and `/summary`. */
export const OPS_PORT = 9090;
const FILE_NAME = "fleet.yaml";
const DIRECTORY = "/etc/fleet";
const TRUST_DIRECTORY = "/etc/smart-home-ca";

/** Labels of everything that belongs to a fleet. */
export function labelsOf(fleet: string): Readonly<Record<string, string>> {
  return {
    [FLEET_LABEL]: fleet,
    "app.kubernetes.io/name": "simulator",
    "app.kubernetes.io/instance": fleet,
    "app.kubernetes.io/managed-by": "sensorfleet-operator",
  };
}

/** What selects a fleet's pods, as a text; `/scale` shows it. */
export function selectorOf(fleet: string): string {
  return `${FLEET_LABEL}=${fleet}`;
}

/** How many pods a fleet needs in its state. */
export function podsOf({ devices, template }: SensorFleet["spec"], { phase }: Pick<RunState, "phase">): number {
  return phase === "Running" ? Math.ceil(devices / template.devicesPerPod) : 0;
}

/**
 * A fleet's objects: a pure function of the fleet, its run and the operator's settings.
 *
 * Pod number i has the devices from i × `devicesPerPod` on, so a device has the same pod in a fleet of any size. What a
 * running simulator can take over (number of devices, interval, jitter, faults, stages, rates) is only in the ConfigMap,
 * whose file the pods follow; what makes the devices other devices (seed, profiles, history) is in the pod template too,
 * as a hash, and replaces the pods, as image and resources do. So is what they log in with, which they read at their
 * start only.
 */
export function desired(fleet: SensorFleet, run: RunState, settings: FleetSettings, access: Access): Desired {
  const file = fleetFileOf(fleet, run.startTime);
  const pods = podsOf(fleet.spec, run);
  const metadata = metadataOf(fleet);
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { [FILE_NAME]: file } };
  const statefulSet = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata,
    spec: {
      replicas: pods,
      serviceName: metadata.name,
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 2,
      selector: { matchLabels: { [FLEET_LABEL]: fleet.metadata.name } },
      template: podTemplate(fleet, metadata.name, settings, access),
    },
  };
  return { configMap: stamped(configMap), statefulSet: stamped(statefulSet), fileHash: fileHashOf(file), pods };
}

/** Of every child: its name, its labels, and whose it is. */
export function metadataOf({
  metadata,
}: SensorFleet): ObjectMeta & Required<Pick<ObjectMeta, "labels" | "ownerReferences">> {
  const { name, namespace = "default", uid = "" } = metadata;
  const owner: OwnerReference = {
    apiVersion: API_VERSION,
    kind: KIND,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return { name: childName(name), namespace, labels: labelsOf(name), ownerReferences: [owner] };
}

/** As the simulator reports it: the beginning of the SHA-256 of the file's bytes. */
function fileHashOf(file: string): string {
  return createHash("sha256").update(file).digest("hex").slice(0, 16);
}

/** With a hash of all that it says. */
function stamped<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, annotations: { [APPLIED_ANNOTATION]: hashOf(object) } } };
}

function podTemplate({ metadata, spec }: SensorFleet, child: string, settings: FleetSettings, access: Access): unknown {
  const { template, seed, profiles, history } = spec;
  const isTrusting = access.authority !== undefined;
  return {
    metadata: {
      labels: labelsOf(metadata.name),
      annotations: {
        [IDENTITY_ANNOTATION]: hashOf({ seed, profiles, history }),
        [ACCESS_ANNOTATION]: hashOf(access),
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(OPS_PORT),
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: settings.stopGraceSeconds,
      ...(template.nodeSelector === undefined ? {} : { nodeSelector: template.nodeSelector }),
      ...(template.priorityClassName === undefined ? {} : { priorityClassName: template.priorityClassName }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [container(template, child, settings, isTrusting)],
      volumes: [
        { name: "fleet", configMap: { name: child } },
        ...(isTrusting ? [{ name: "ca", configMap: { name: AUTHORITY } }] : []),
      ],
    },
  };
}

function container(
  { image, resources = {}, devicesPerPod }: SensorFleet["spec"]["template"],
  child: string,
  settings: FleetSettings,
  isTrusting: boolean,
): unknown {
  return {
    name: "simulator",
    image: image ?? settings.image,
    imagePullPolicy: "IfNotPresent",
    command: ["node", "--max-semi-space-size=8", "services/simulator/main.ts"],
    env: environment(devicesPerPod, child, settings, isTrusting),
    ports: [{ name: "ops", containerPort: OPS_PORT, protocol: "TCP" }],
    resources: {
      requests: { ...settings.requests, ...resources.requests },
      limits: { ...settings.limits, ...resources.limits },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    startupProbe: { ...probe("/healthz"), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 5, failureThreshold: 2 },
    volumeMounts: [
      { name: "fleet", mountPath: DIRECTORY, readOnly: true },
      ...(isTrusting ? [{ name: "ca", mountPath: TRUST_DIRECTORY, readOnly: true }] : []),
    ],
  };
}

/** With a time limit that also holds where many pods share a processor: 1 s, the default, is short for that. */
function probe(path: string): { readonly httpGet: unknown; readonly timeoutSeconds: number } {
  return { httpGet: { path, port: "ops" }, timeoutSeconds: 5 };
}

/** The pod's ordinal stands in a label since Kubernetes 1.28: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-index-label */
function environment(
  devicesPerPod: number,
  secret: string,
  { mqttUrl, stopGraceSeconds }: FleetSettings,
  isTrusting: boolean,
): unknown {
  const fromSecret = (key: string): unknown => ({ secretKeyRef: { name: secret, key } });
  return [
    { name: "FLEET_FILE", value: `${DIRECTORY}/${FILE_NAME}` },
    { name: "FLEET_RELOAD_INTERVAL", value: "1s" },
    {
      name: "PART_INDEX",
      valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    },
    { name: "PART_DEVICES", value: String(devicesPerPod) },
    { name: "MQTT_URL", value: mqttUrl },
    { name: "MQTT_USERNAME", valueFrom: fromSecret("username") },
    { name: "MQTT_PASSWORD", valueFrom: fromSecret("password") },
    ...(isTrusting ? [{ name: "NODE_EXTRA_CA_CERTS", value: `${TRUST_DIRECTORY}/${TRUSTED}` }] : []),
    { name: "OPS_HOST", value: "0.0.0.0" },
    { name: "OPS_PORT", value: String(OPS_PORT) },
    { name: "STOP_GRACE_PERIOD", value: `${stopGraceSeconds}s` },
  ];
}
