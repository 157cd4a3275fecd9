import type { KubeObject } from "#kubernetes";
import type { SensorFleet } from "./api/sensor-fleet.ts";
import { fleetNameOf } from "./controllers/reconciler.ts";
import type { Duties } from "./credentials/duties.ts";
import { AUTHORITY } from "./credentials/names.ts";
import type { Informers } from "./informers.ts";
import type { Store } from "./kube/store.ts";
import type { WorkQueue } from "./kube/work-queue.ts";

/** Who has to look when something changes. */
export interface Workers {
  readonly queue: Pick<WorkQueue, "add">;
  readonly duties: Pick<Duties, "onObject" | "onFleet" | "onBroker">;
  readonly fleets: Pick<Store<SensorFleet>, "get" | "all">;
}

/**
 * An object is new, changed or gone: tells those whom it concerns. Also to be called for Secrets and ConfigMaps that the
 * operator has written itself and knows already: the watch does not tell of these again.
 */
export function onChange({ queue, duties, fleets }: Workers, kind: keyof Informers, object: KubeObject): void {
  if (kind === "brokerPods") {
    duties.onBroker();
    return;
  }
  const fleet = fleetNameOf(object);
  if (fleet === undefined) {
    onShared({ queue, duties, fleets }, object.metadata.name);
    return;
  }
  queue.add(fleet);
  // The users of fleets that are gone follow their pods.
  if (kind === "fleets" || kind === "secrets" || fleets.get(fleet) === undefined) duties.onFleet();
}

/** A Secret or ConfigMap of no fleet. */
function onShared({ queue, duties, fleets }: Workers, name: string): void {
  duties.onObject(name);
  if (name === AUTHORITY) for (const { metadata } of fleets.all()) queue.add(metadata.name);
}
