import { CONFIG_MAP, type KubeApi, kubeErrors, pathOf, STATEFUL_SET } from "#kubernetes";
import type { Logger } from "#runtime";
import type { FleetManifest } from "../api/manifest.ts";
import { MEMORY } from "../api/names.ts";
import { SENSOR_FLEET } from "../api/sensor-fleet.ts";
import { LABELS } from "../credentials/names.ts";
import { read } from "../kube/apply.ts";
import type { ConfigMap, StatefulSet } from "./desired.ts";

export interface DefaultFleetOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  readonly manifest: FleetManifest;
  /** A StatefulSet that must have a ready replica first. */
  readonly after: string | undefined;
  readonly log: Logger;
}

/** The StatefulSet is not watched: so often it is looked at. */
const LOOK_AGAIN_MS = 2000;

/** Where is remembered that it was made. */
const REMEMBERED = "default-fleet";

/**
 * Makes one fleet, once: it is never changed afterwards, and one that was deleted stays deleted, because a ConfigMap
 * remembers it. It is remembered after it was made: who is ended in between finds it there, which counts as made.
 */
export class DefaultFleetDuty {
  readonly follows = (): boolean => false;
  readonly #options: DefaultFleetOptions;
  #isDone = false;

  constructor(options: DefaultFleetOptions) {
    this.#options = options;
  }

  /** Gives when to look again, in ms; nothing once it was made. */
  async run(): Promise<number | undefined> {
    this.#isDone ||= await this.#isRemembered();
    if (this.#isDone) return undefined;
    if (!(await this.#isItsTurn())) return LOOK_AGAIN_MS;
    await this.#make();
    await this.#remember();
    this.#isDone = true;
    return undefined;
  }

  /** Asked directly: what another operator has just remembered may not be known here yet. */
  async #isRemembered(): Promise<boolean> {
    const { api, namespace } = this.#options;
    const memory = await read<ConfigMap>(api, CONFIG_MAP, namespace, MEMORY);
    return memory?.data?.[REMEMBERED] !== undefined;
  }

  async #isItsTurn(): Promise<boolean> {
    const { api, namespace, after } = this.#options;
    if (after === undefined) return true;
    const set = await read<StatefulSet>(api, STATEFUL_SET, namespace, after);
    return (set?.status?.readyReplicas ?? 0) > 0;
  }

  async #make(): Promise<void> {
    const { api, namespace, manifest, log } = this.#options;
    const { name } = manifest.metadata;
    const body = { ...manifest, metadata: { ...manifest.metadata, namespace } };
    try {
      const query = { fieldValidation: "Strict" };
      await api.call({ method: "POST", path: pathOf(SENSOR_FLEET, namespace), query, body });
      log.info({ fleet: name }, "the default fleet was made");
    } catch (error) {
      if (!kubeErrors.is(error, "CONFLICT")) throw error;
      log.info({ fleet: name }, "there is a fleet with the default fleet's name: it counts as made");
    }
  }

  /** A merge patch makes no object, and a POST changes none: first the one, then the other. */
  async #remember(): Promise<void> {
    const { api, namespace, manifest } = this.#options;
    const data = { [REMEMBERED]: manifest.metadata.name };
    const { apiVersion, kind } = CONFIG_MAP;
    const metadata = { name: MEMORY, namespace, labels: LABELS };
    try {
      const body = { apiVersion, kind, metadata, data };
      await api.call({ method: "POST", path: pathOf(CONFIG_MAP, namespace), body });
    } catch (error) {
      if (!kubeErrors.is(error, "CONFLICT")) throw error;
      const path = pathOf(CONFIG_MAP, namespace, MEMORY);
      await api.call({ method: "PATCH", path, body: { data }, contentType: "application/merge-patch+json" });
    }
  }
}
