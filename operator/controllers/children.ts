import { CONFIG_MAP, type KubeApi, kubeErrors, type KubeObject, type Resource, STATEFUL_SET } from "#kubernetes";
import type { Logger } from "#runtime";
import { APPLIED_ANNOTATION, childName, FIELD_MANAGER } from "../api/names.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import { AUTHORITY, TRUSTED } from "../credentials/names.ts";
import { missingValues } from "../credentials/random-secrets.ts";
import { type SecretKeeper, valuesOf } from "../credentials/secret-keeper.ts";
import { apply, hashOf, read } from "../kube/apply.ts";
import { canonical, holds, ownedPart } from "../kube/drift.ts";
import type { Store } from "../kube/store.ts";
import type { FleetProblem } from "./conditions.ts";
import { type Access, type ConfigMap, type Desired, metadataOf, type StatefulSet } from "./desired.ts";

export interface ChildrenOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  readonly configMaps: Store<ConfigMap>;
  readonly statefulSets: Store<StatefulSet>;
  readonly secrets: SecretKeeper;
  /** Whether the broker's certificate is to be checked against the operator's authority. */
  readonly usesTls: boolean;
  readonly log: Logger;
}

/** What cannot be mended by trying again soon. */
const REFUSALS = ["INVALID", "FORBIDDEN", "REFUSED"] as const;

/**
 * Writes the objects of fleets, where they are not as they should be: as applied by us, with every field that we gave as
 * we gave it. What the API server makes of a field at once (a webhook that raises requests) counts as given.
 */
export class Children {
  readonly #options: ChildrenOptions;
  /** What the API server made of an object that it did not take as given, by kind and name: a hash. */
  readonly #answers = new Map<string, string>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** The fleet's account and the authority, or why there is none. */
  access(fleet: SensorFleet): Promise<Access | FleetProblem> {
    return refusedAsProblem(() => this.#access(fleet));
  }

  /** Applies the fleet's ConfigMap and StatefulSet. */
  applyAll(fleet: SensorFleet, { configMap, statefulSet }: Desired): Promise<FleetProblem | undefined> {
    const { configMaps, statefulSets } = this.#options;
    return refusedAsProblem(
      async () =>
        (await this.#applyOne(fleet, CONFIG_MAP, configMap, configMaps)) ??
        (await this.#applyOne(fleet, STATEFUL_SET, statefulSet, statefulSets)),
    );
  }

  forget(fleet: string): void {
    for (const { kind } of [CONFIG_MAP, STATEFUL_SET]) this.#answers.delete(`${kind} ${childName(fleet)}`);
  }

  async #access(fleet: SensorFleet): Promise<Access | FleetProblem> {
    const { secrets, configMaps, usesTls } = this.#options;
    const { name, labels, ownerReferences } = metadataOf(fleet);
    const there = secrets.get(name);
    if (there !== undefined && !isOwnedBy(there, fleet)) return taken("Secret", name);
    const wanted = { fixed: { username: fleet.metadata.name }, random: ["password"] };
    const shape = { name, metadata: { labels, ownerReferences } };
    const { username, password } = valuesOf(await secrets.keep(shape, (values) => missingValues(wanted, values)));
    const authority = usesTls ? configMaps.get(AUTHORITY)?.data?.[TRUSTED] : undefined;
    if (usesTls && authority === undefined)
      return { reason: "NoAuthority", message: `the ConfigMap ${AUTHORITY} is not there yet` };
    return {
      account: hashOf({ username, password }),
      authority: authority === undefined ? undefined : hashOf(authority),
    };
  }

  async #applyOne<T extends KubeObject>(
    fleet: SensorFleet,
    resource: Resource,
    wanted: T,
    store: Store<T>,
  ): Promise<FleetProblem | undefined> {
    const { api, namespace, log } = this.#options;
    const { name } = wanted.metadata;
    const known = store.get(name);
    if (known !== undefined && this.#isAsWanted(wanted, known)) return undefined;
    const there = known ?? (await read<T>(api, resource, namespace, name));
    if (there !== undefined && !isOwnedBy(there, fleet)) return taken(resource.kind, name);
    const answer = await apply<T>(api, resource, wanted, { fieldManager: FIELD_MANAGER });
    store.set(answer);
    this.#answers.set(keyOf(wanted), answerOf(wanted, answer));
    log.info({ fleet: fleet.metadata.name, kind: resource.kind, name }, "applied");
    return undefined;
  }

  #isAsWanted(wanted: KubeObject, known: KubeObject): boolean {
    const applied = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[APPLIED_ANNOTATION];
    if (applied(wanted) !== applied(known)) return false;
    return holds(wanted, known) || this.#answers.get(keyOf(wanted)) === answerOf(wanted, known);
  }
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}

function answerOf(wanted: KubeObject, answer: KubeObject): string {
  return hashOf(canonical(ownedPart(wanted, answer)));
}

async function refusedAsProblem<T>(run: () => Promise<T>): Promise<T | FleetProblem> {
  try {
    return await run();
  } catch (error) {
    const isRefusal = REFUSALS.some((code) => kubeErrors.is(error, code));
    if (!isRefusal || !(error instanceof Error)) throw error;
    return { reason: "Rejected", message: error.message };
  }
}

function taken(kind: string, name: string): FleetProblem {
  return { reason: "NameTaken", message: `${kind} ${name} is there and does not belong to this fleet` };
}

function isOwnedBy({ metadata }: KubeObject, fleet: SensorFleet): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === fleet.metadata.uid) ?? false;
}
