import { type KubeApi, kubeErrors, type KubeObject } from "#kubernetes";
import type { Logger } from "#runtime";
import type { ConfigMap } from "../controllers/desired.ts";
import type { Store } from "../kube/store.ts";
import { AUTHORITY, TRUSTED } from "./names.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/ */
interface ApiService extends KubeObject {
  readonly spec?: {
    readonly caBundle?: string;
    readonly service?: { readonly name?: string; readonly namespace?: string } | null;
  };
}

export interface ApiServiceOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  /** Of the APIService. */
  readonly name: string;
  readonly configMaps: Store<ConfigMap>;
  readonly log: Logger;
}

/** Owns one field, so that who applies the rest does not take it away. */
const MANAGER = "sensorfleet-operator-ca";

/** It is of the whole cluster, and not watched: so often it is looked at. */
const LOOK_AGAIN_MS = 30_000;
/** While it is not there, which is so for a moment at the first start. */
const MISSING_AGAIN_MS = 5000;

/**
 * Keeps the authority in an APIService, so that the API server can check the certificate of the service behind it. One
 * that belongs to a service of another namespace is another's, and is not touched.
 */
export class ApiServiceDuty {
  readonly follows = (object: string): boolean => object === AUTHORITY;
  readonly #options: ApiServiceOptions;
  #hasWarned = false;

  constructor(options: ApiServiceOptions) {
    this.#options = options;
  }

  /** Gives when to look again, in ms. */
  async run(): Promise<number | undefined> {
    const { configMaps, log, name } = this.#options;
    const trusted = configMaps.get(AUTHORITY)?.data?.[TRUSTED];
    // Who makes it has this called again.
    if (trusted === undefined) return undefined;
    const there = await this.#read();
    if (there === undefined) return MISSING_AGAIN_MS;
    if (!this.#isOurs(there)) return LOOK_AGAIN_MS;
    const caBundle = Buffer.from(trusted).toString("base64");
    if (there.spec?.caBundle === caBundle) return LOOK_AGAIN_MS;
    await this.#apply(there, caBundle);
    log.info({ apiService: name }, "the authority was written to the APIService");
    return LOOK_AGAIN_MS;
  }

  #isOurs({ spec }: ApiService): boolean {
    const { namespace, name, log } = this.#options;
    const isOurs = spec?.service?.namespace === namespace;
    if (!isOurs && !this.#hasWarned)
      log.warn({ apiService: name, service: spec?.service }, "the APIService belongs to another service: left alone");
    this.#hasWarned = !isOurs;
    return isOurs;
  }

  async #read(): Promise<ApiService | undefined> {
    const { api } = this.#options;
    try {
      return await api.call<ApiService>({ method: "GET", path: this.#path });
    } catch (error) {
      if (kubeErrors.is(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** With the uid, so that it is not made anew if it was deleted meanwhile. */
  #apply({ apiVersion, kind, metadata: { name, uid } }: ApiService, caBundle: string): Promise<unknown> {
    return this.#options.api.call({
      method: "PATCH",
      path: this.#path,
      query: { fieldManager: MANAGER, force: true },
      contentType: "application/apply-patch+yaml",
      body: { apiVersion, kind, metadata: { name, uid }, spec: { caBundle } },
    });
  }

  get #path(): string {
    return `/apis/apiregistration.k8s.io/v1/apiservices/${encodeURIComponent(this.#options.name)}`;
  }
}
