import { parseAllDocuments } from "yaml";
import { childName } from "../../operator/api/names.ts";
import { AUTHORITY, tlsSecret, USERS_SECRET, userSecret } from "../../operator/credentials/names.ts";
import { operatorSchema } from "../../operator/config.ts";
import { desired } from "../../operator/controllers/desired.ts";
import { runStateOf } from "../../operator/controllers/run-state.ts";
import { settingsOf } from "../../operator/service.ts";
import { NOW_MS, sensorFleet } from "../../operator/test/fleets.ts";
import { readInputs } from "../config.ts";
import { checkEnvironment, type EnvironmentOf } from "../environment.ts";
import { gke } from "../profiles/gke.ts";
import { portable } from "../profiles/portable.ts";
import type { Profile } from "../profile.ts";
import { installation } from "../sets.ts";

/** A manifest as kubectl would read it; every part of it may be missing. */
export interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any object of Kubernetes
  readonly [field: string]: any;
}

/** Of a container, what the rules look at. */
export interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
  }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: unknown;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Probe {
  readonly httpGet?: { readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
}

export interface Pod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly {
      readonly hostPath?: unknown;
      readonly configMap?: { readonly name: string };
      readonly secret?: { readonly secretName: string };
    }[];
    readonly [field: string]: unknown;
  };
}

export interface PodTemplate {
  readonly name: string;
  readonly kind: string;
  readonly template: Pod;
}

/** Both sets, with the committed inputs. */
export const profiles: readonly Profile[] = [portable(readInputs({})), gke(readInputs({}))];

/** All objects of a set, read back from its YAML. */
export function objectsOf(profile: Profile): Manifest[] {
  return installation(profile).flatMap(([, text]) =>
    parseAllDocuments(text).map((document) => document.toJS() as Manifest),
  );
}

/** What the operator makes of a fleet that says nothing of its pods, told what its own manifest tells it. */
export function fleetObjects(objects: readonly Manifest[]): Manifest[] {
  const operator = podTemplates(objects).find(({ name }) => name === "sensorfleet-operator");
  const variables = operator?.template.spec.containers[0]?.env ?? [];
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value ?? "from-the-cluster"]));
  const config = checkEnvironment(operatorSchema, values as EnvironmentOf<typeof operatorSchema>);
  const fleet = sensorFleet();
  const { configMap, statefulSet } = desired(
    fleet,
    runStateOf(fleet.spec, {}, NOW_MS),
    settingsOf({ ...config, defaultFleet: undefined }),
    { account: "a", authority: "b" },
  );
  return [configMap, statefulSet].map((object) => JSON.parse(JSON.stringify(object)) as Manifest);
}

/** What the operator makes for all fleets and for a fleet `city`, by what its own manifest tells it; as kind and name. */
export function ofOperator(templates: readonly PodTemplate[]): string[] {
  const operator = templates.find(({ name }) => name === "sensorfleet-operator");
  const listed = (variable: string): string[] =>
    operator?.template.spec.containers[0]?.env?.find(({ name }) => name === variable)?.value?.split(",") ?? [];
  const secrets = [
    ...listed("TLS_SERVICES").map(tlsSecret),
    ...listed("MQTT_USERS").map(userSecret),
    ...listed("RANDOM_SECRETS").map((entry) => entry.split(":")[0] ?? ""),
    ...[AUTHORITY, USERS_SECRET, childName(sensorFleet().metadata.name)],
  ];
  return [`ConfigMap/${AUTHORITY}`, ...secrets.map((name) => `Secret/${name}`)];
}

interface Spec {
  readonly template?: Pod;
  readonly jobTemplate?: { readonly spec: Spec };
}

/** Everything in a set that makes pods. */
export function podTemplates(objects: readonly Manifest[]): PodTemplate[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const template = templateOf(spec as Spec | undefined);
    return template === undefined ? [] : [{ name: metadata.name, kind, template }];
  });
}

function templateOf(spec: Spec | undefined): Pod | undefined {
  return spec?.template ?? (spec?.jobTemplate === undefined ? undefined : templateOf(spec.jobTemplate.spec));
}

/** Cores, from `50m` or `1.5`. */
export function cores(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Bytes, from `64Mi`. */
export function bytes(quantity: string): number {
  const [, number = "", unit = ""] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  return Number(number) * (UNITS[unit] ?? NaN);
}
