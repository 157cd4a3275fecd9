/** What every object of Kubernetes has; only what is read here. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface KubeList {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly KubeObject[];
}

/** A kind of objects, and where the API server keeps them. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** The path of a resource's objects, or of one of them: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function pathOf(
  { apiVersion, plural }: Resource,
  namespace: string,
  name?: string,
  subresource?: string,
): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  const parts = [root, apiVersion, "namespaces", encodeURIComponent(namespace), plural];
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join("/");
}

export const POD: Resource = { apiVersion: "v1", kind: "Pod", plural: "pods" };
export const SECRET: Resource = { apiVersion: "v1", kind: "Secret", plural: "secrets" };
export const CONFIG_MAP: Resource = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps" };
export const EVENT: Resource = { apiVersion: "v1", kind: "Event", plural: "events" };
export const STATEFUL_SET: Resource = { apiVersion: "apps/v1", kind: "StatefulSet", plural: "statefulsets" };
export const LEASE: Resource = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };
