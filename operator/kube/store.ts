import type { KubeObject } from "#kubernetes";

/** What is known of one kind of objects in one namespace, by name. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  all(): T[] {
    return [...this.#objects.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** True if this is news. An object that is older than the known one is not taken. */
  set(object: T): boolean {
    const known = this.#objects.get(object.metadata.name);
    if (known !== undefined && !isNewer(object, known)) return false;
    this.#objects.set(object.metadata.name, object);
    return true;
  }

  /** What it was, if it was known. */
  delete(name: string): T | undefined {
    const known = this.#objects.get(name);
    this.#objects.delete(name);
    return known;
  }
}

/**
 * Resource versions of one kind rise, and may be compared as numbers since Kubernetes 1.35; etcd has always made them so:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions. One that is no number is always news.
 */
function isNewer(object: KubeObject, known: KubeObject): boolean {
  const [version, before] = [object.metadata.resourceVersion ?? "", known.metadata.resourceVersion ?? ""];
  if (version === before) return false;
  if (!/^\d+$/.test(version) || !/^\d+$/.test(before)) return true;
  return object.metadata.uid !== known.metadata.uid || BigInt(version) > BigInt(before);
}
