import { type KubeApi, type KubeObject, type ObjectMeta, pathOf, SECRET } from "#kubernetes";
import type { Logger } from "#runtime";
import type { Store } from "../kube/store.ts";

/** https://kubernetes.io/docs/concepts/configuration/secret/ */
export interface Secret extends KubeObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Texts by key. */
export type Values = Readonly<Record<string, string>>;

export interface SecretKeeperOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  /** All Secrets of the namespace. */
  readonly store: Store<Secret>;
  readonly log: Logger;
  /** Told after each write. */
  readonly onWritten: (secret: Secret) => void;
}

/** What a Secret is made as. */
export interface SecretShape {
  readonly name: string;
  readonly type?: string;
  readonly metadata: Pick<ObjectMeta, "labels" | "ownerReferences">;
}

/**
 * Keeps Secrets whose values nobody could make a second time. A value that is good is never written over: a Secret is
 * created, or replaced as the very version that was judged; if somebody was faster, the API server refuses, and what is
 * there then is judged anew.
 */
export class SecretKeeper {
  readonly #options: SecretKeeperOptions;

  constructor(options: SecretKeeperOptions) {
    this.#options = options;
  }

  /** The Secret as it is known. */
  get(name: string): Secret | undefined {
    return this.#options.store.get(name);
  }

  /**
   * Gives the Secret as it is then. `missing` looks at the values that are there and gives those that have to be
   * written; none: the Secret is good.
   *
   * @throws KubeError; CONFLICT if the Secret is another one by now.
   */
  async keep(shape: SecretShape, missing: (there: Values) => Promise<Values> | Values): Promise<Secret> {
    const there = this.get(shape.name);
    const values = await missing(valuesOf(there));
    if (there !== undefined && Object.keys(values).length === 0) return there;
    const written = there === undefined ? await this.#create(shape, values) : await this.#replace(there, shape, values);
    this.#options.store.set(written);
    this.#options.log.info({ secret: shape.name, keys: Object.keys(values) }, "a secret was written");
    this.#options.onWritten(written);
    return written;
  }

  #create({ name, type = "Opaque", metadata }: SecretShape, values: Values): Promise<Secret> {
    const { api, namespace } = this.#options;
    const { apiVersion, kind } = SECRET;
    const body = { apiVersion, kind, metadata: { ...metadata, name, namespace }, type, data: encoded(values) };
    return api.call({ method: "POST", path: pathOf(SECRET, namespace), body });
  }

  #replace(there: Secret, { name, metadata }: SecretShape, values: Values): Promise<Secret> {
    const { api, namespace } = this.#options;
    const labels = { ...there.metadata.labels, ...metadata.labels };
    // With the resource version that was read.
    const body = {
      ...there,
      metadata: { ...there.metadata, labels, managedFields: undefined },
      data: { ...there.data, ...encoded(values) },
    };
    return api.call({ method: "PUT", path: pathOf(SECRET, namespace, name), body });
  }
}

/** What stands in a Secret, decoded; a missing one is empty. */
export function valuesOf(secret: Secret | undefined): Values {
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
}

function encoded(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
}
