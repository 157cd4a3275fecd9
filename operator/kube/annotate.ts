import { type KubeApi, kubeErrors, type KubeObject, pathOf, POD } from "#kubernetes";
import type { Store } from "./store.ts";

/**
 * Writes annotations of a pod, where they are not there yet; one that is going or gone is left alone. A kubelet looks at
 * a pod again when it changes, and then renews the files of its ConfigMaps and Secrets; else that takes up to a minute:
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#mounted-configmaps-are-updated-automatically
 */
export async function annotate<T extends KubeObject>(
  api: Pick<KubeApi, "call">,
  store: Store<T>,
  { metadata }: T,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  const isThere = Object.entries(annotations).every(([name, value]) => metadata.annotations?.[name] === value);
  if (metadata.deletionTimestamp !== undefined || isThere) return;
  const path = pathOf(POD, metadata.namespace ?? "default", metadata.name);
  try {
    const body = { metadata: { annotations } };
    store.set(await api.call<T>({ method: "PATCH", path, body, contentType: "application/merge-patch+json" }));
  } catch (error) {
    if (!kubeErrors.is(error, "NOT_FOUND")) throw error;
  }
}
