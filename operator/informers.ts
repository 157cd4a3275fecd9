import { CONFIG_MAP, type KubeApi, type KubeObject, POD, type Resource, SECRET, STATEFUL_SET } from "#kubernetes";
import type { ServiceContext } from "#runtime";
import { SENSOR_FLEET, type SensorFleet } from "./api/sensor-fleet.ts";
import type { OperatorConfig } from "./config.ts";
import type { ConfigMap, StatefulSet } from "./controllers/desired.ts";
import type { Pod } from "./controllers/pods.ts";
import { CHILDREN_SELECTOR } from "./controllers/reconciler.ts";
import { BROKER_SELECTOR } from "./credentials/names.ts";
import type { Secret } from "./credentials/secret-keeper.ts";
import { Informer } from "./kube/informer.ts";
import type { OperatorEvents } from "./metrics.ts";

/** What the operator keeps itself up to date about. */
export interface Informers {
  readonly fleets: Informer<SensorFleet>;
  readonly configMaps: Informer<ConfigMap>;
  readonly statefulSets: Informer<StatefulSet>;
  /** Of the fleets. */
  readonly pods: Informer<Pod>;
  /** All of the namespace: a value that somebody else gave is as good as one of ours. */
  readonly secrets: Informer<Secret>;
  readonly brokerPods: Informer<KubeObject>;
}

/** The kinds of objects that are watched, by their plural. */
export const WATCHED = [SENSOR_FLEET, CONFIG_MAP, STATEFUL_SET, POD, SECRET].map(({ plural }) => plural);

/** Informers that tell `onChange` what is new, changed or gone; to be started. */
export function informersOf(
  { config, clock, log }: Pick<ServiceContext<OperatorConfig>, "config" | "clock" | "log">,
  api: KubeApi,
  metrics: OperatorEvents,
  onChange: (kind: keyof Informers, object: KubeObject) => void,
): Informers {
  const informer = <T extends KubeObject>(kind: keyof Informers, resource: Resource, selector?: string): Informer<T> =>
    new Informer<T>({
      api,
      resource,
      namespace: config.NAMESPACE,
      labelSelector: selector,
      clock,
      onChange: (object) => onChange(kind, object),
      onError: (err) => {
        metrics.onInformerError(resource.plural);
        log.warn({ err, resource: resource.plural }, "a list or watch failed, it will be tried again");
      },
      onRequest: (request) => metrics.onRequest(resource.plural, request),
    });
  return {
    fleets: informer("fleets", SENSOR_FLEET),
    configMaps: informer("configMaps", CONFIG_MAP, CHILDREN_SELECTOR),
    statefulSets: informer("statefulSets", STATEFUL_SET, CHILDREN_SELECTOR),
    pods: informer("pods", POD, CHILDREN_SELECTOR),
    secrets: informer("secrets", SECRET),
    brokerPods: informer("brokerPods", POD, BROKER_SELECTOR),
  };
}
