import { randomUUID } from "node:crypto";
import type { RunningService, ServiceContext } from "#runtime";
import { type SensorFleet } from "./api/sensor-fleet.ts";
import type { OperatorConfig } from "./config.ts";
import type { ConfigMap, FleetSettings, StatefulSet } from "./controllers/desired.ts";
import type { Pod } from "./controllers/pods.ts";
import { CHILDREN_SELECTOR, fleetNameOf, Reconciler, SENSOR_FLEET } from "./controllers/reconciler.ts";
import { askPod, Summaries } from "./controllers/summaries.ts";
import {
  CONFIG_MAP,
  type Connection,
  inClusterConnection,
  KubeApi,
  kubeconfigConnection,
  type KubeObject,
  POD,
  type Resource,
  STATEFUL_SET,
} from "#kubernetes";
import { EventRecorder } from "./kube/events.ts";
import { Informer } from "./kube/informer.ts";
import { Lease } from "./kube/lease.ts";
import { WorkQueue } from "./kube/work-queue.ts";
import { eventMetrics, stateMetrics, type OperatorEvents } from "./metrics.ts";

/**
 * Builds the operator and runs it. What it knows is kept up to date from the start, so that a second operator is warm;
 * work begins only with the lease. Who loses the lease ends its process: nothing half done goes on beside the new leader.
 */
export async function startOperator(context: ServiceContext<OperatorConfig>): Promise<RunningService> {
  const { config, log, clock, registry, stopping, fail } = context;
  const metrics = eventMetrics(registry, WATCHED);
  const api = new KubeApi(await connectionOf(context), (method, status) => metrics.onAnswer(method, status));
  const events = new EventRecorder({ api, clock, log, component: "sensorfleet-operator", instance: config.POD_NAME });
  const informers = informersOf(context, api, metrics, (name) => queue.add(name));
  const reconciler = reconcilerOf(context, api, informers, events);
  const queue = queueOf(context, metrics, (name) => reconciler.reconcile(name));
  const lease = leaseOf(context, api);
  stateMetrics(registry, { queue, lease, fleets: informers.fleets.store });
  const ending = new AbortController();
  const running = Object.values(informers).map((informer: Informers[keyof Informers]) => informer.run(ending.signal));
  lead(context, informers, lease, queue).catch((error: unknown) => {
    if (!stopping.aborted) fail(error);
  });
  return {
    stop: async () => {
      await queue.stop();
      await events.flush();
      await lease.release().catch((err: unknown) => log.warn({ err }, "the lease was not released: it runs out"));
      ending.abort();
      await Promise.all(running);
    },
  };
}

const WATCHED = [SENSOR_FLEET, CONFIG_MAP, STATEFUL_SET, POD].map(({ plural }) => plural);

/** Works while it holds the lease; rejects when it has lost it. */
async function lead(
  { log, stopping, readiness }: ServiceContext<OperatorConfig>,
  { fleets, configMaps, statefulSets, pods }: Informers,
  lease: Lease,
  queue: WorkQueue,
): Promise<void> {
  readiness.notReady("kubernetes", "the first lists are not complete");
  await Promise.all([fleets.synced, configMaps.synced, statefulSets.synced, pods.synced]);
  readiness.ready("kubernetes");
  await lease.acquire(stopping);
  log.info("this operator leads");
  queue.start();
  if (!(await lease.keep(stopping))) throw new Error("the lease was lost: another operator leads");
}

function reconcilerOf(
  { config, clock, log }: ServiceContext<OperatorConfig>,
  api: KubeApi,
  { fleets, configMaps, statefulSets, pods }: Informers,
  events: EventRecorder,
): Reconciler {
  return new Reconciler({
    api,
    namespace: config.NAMESPACE,
    stores: { fleets: fleets.store, configMaps: configMaps.store, statefulSets: statefulSets.store, pods: pods.store },
    settings: settingsOf(config),
    summaries: new Summaries(clock, askPod),
    events,
    clock,
    log,
    statusIntervalMs: config.STATUS_INTERVAL,
  });
}

function queueOf(
  { config, clock, log }: ServiceContext<OperatorConfig>,
  metrics: OperatorEvents,
  work: (fleet: string) => Promise<number | undefined>,
): WorkQueue {
  return new WorkQueue({
    clock,
    workers: config.WORKERS,
    work,
    onResult: (fleet, durationMs, err) => {
      metrics.onReconciled(durationMs, err !== undefined);
      if (err !== undefined) log.warn({ fleet, err }, "a reconcile failed, it will be tried again");
    },
  });
}

function leaseOf({ config, clock, log }: ServiceContext<OperatorConfig>, api: KubeApi): Lease {
  return new Lease({
    api,
    namespace: config.NAMESPACE,
    name: "sensorfleet-operator",
    identity: `${config.POD_NAME}_${randomUUID().slice(0, 8)}`,
    durationMs: config.LEASE_DURATION,
    renewDeadlineMs: (config.LEASE_DURATION * 2) / 3,
    retryMs: config.LEASE_DURATION / 7.5,
    clock,
    log,
  });
}

function connectionOf({ config, clock }: ServiceContext<OperatorConfig>): Promise<Connection> {
  const { KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = config;
  return file === undefined ? inClusterConnection({ host, port }, clock) : kubeconfigConnection(file);
}

interface Informers {
  readonly fleets: Informer<SensorFleet>;
  readonly configMaps: Informer<ConfigMap>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
}

function informersOf(
  { config, clock, log }: ServiceContext<OperatorConfig>,
  api: KubeApi,
  metrics: OperatorEvents,
  add: (fleet: string) => void,
): Informers {
  const informer = <T extends KubeObject>(resource: Resource, labelSelector?: string): Informer<T> =>
    new Informer<T>({
      api,
      resource,
      namespace: config.NAMESPACE,
      labelSelector,
      clock,
      onChange: (object) => {
        const fleet = fleetNameOf(object);
        if (fleet !== undefined) add(fleet);
      },
      onError: (err) => {
        metrics.onInformerError(resource.plural);
        log.warn({ err, resource: resource.plural }, "a list or watch failed, it will be tried again");
      },
      onRequest: (kind) => metrics.onRequest(resource.plural, kind),
    });
  return {
    fleets: informer(SENSOR_FLEET),
    configMaps: informer(CONFIG_MAP, CHILDREN_SELECTOR),
    statefulSets: informer(STATEFUL_SET, CHILDREN_SELECTOR),
    pods: informer(POD, CHILDREN_SELECTOR),
  };
}

function settingsOf(config: OperatorConfig): FleetSettings {
  return {
    image: config.SIMULATOR_IMAGE,
    mqttUrl: config.FLEET_MQTT_URL,
    requests: { cpu: config.POD_CPU_REQUEST, memory: config.POD_MEMORY_REQUEST },
    limits: { memory: config.POD_MEMORY_LIMIT },
    stopGraceSeconds: config.POD_STOP_GRACE_PERIOD / 1000,
  };
}
