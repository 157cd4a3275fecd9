import { createHash } from "node:crypto";
import { type KubeApi, kubeErrors, type KubeObject, pathOf, type Resource } from "#kubernetes";

const APPLY = "application/apply-patch+yaml";

/**
 * Server-side apply: the fields given become as given and belong to `fieldManager`; fields that it gave before and does
 * not give now go away; others stay. Takes fields from others by force. Gives the object as it is then.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 *
 * @throws KubeError
 */
export function apply<T extends KubeObject>(
  api: Pick<KubeApi, "call">,
  resource: Resource,
  object: KubeObject,
  { fieldManager, subresource }: { readonly fieldManager: string; readonly subresource?: string },
): Promise<T> {
  const { name, namespace = "default" } = object.metadata;
  return api.call<T>({
    method: "PATCH",
    path: pathOf(resource, namespace, name, subresource),
    query: { fieldManager, force: true },
    contentType: APPLY,
    body: object,
  });
}

/** The object, or `undefined` if there is none. */
export async function read<T extends KubeObject>(
  api: Pick<KubeApi, "call">,
  resource: Resource,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await api.call<T>({ method: "GET", path: pathOf(resource, namespace, name), signal });
  } catch (error) {
    if (kubeErrors.is(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Deletes that very object, and no later one of its name; one that is gone is as good. */
export async function remove(api: Pick<KubeApi, "call">, resource: Resource, { metadata }: KubeObject): Promise<void> {
  const { name, namespace = "default", uid } = metadata;
  try {
    await api.call({
      method: "DELETE",
      path: pathOf(resource, namespace, name),
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid } },
    });
  } catch (error) {
    if (!kubeErrors.is(error, "NOT_FOUND")) throw error;
  }
}

/** Short, and the same for the same value whatever the order of its keys. */
export function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, part]) => [name, sorted(part)]));
}
