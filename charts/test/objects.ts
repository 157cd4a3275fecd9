import { parseAllDocuments } from "yaml";
import { readInputs } from "../config.ts";
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
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: unknown;
  readonly startupProbe?: unknown;
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
}

export interface Pod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly { readonly hostPath?: unknown; readonly configMap?: { readonly name: string } }[];
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
