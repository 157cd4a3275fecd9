import { randomUUID } from "node:crypto";
import { connectionOf, KubeApi } from "#kubernetes";
import type { RunningService, ServiceContext } from "#runtime";
import { onChange, type Workers } from "./changes.ts";
import type { OperatorConfig } from "./config.ts";
import { Children } from "./controllers/children.ts";
import type { FleetSettings } from "./controllers/desired.ts";
import { Reconciler } from "./controllers/reconciler.ts";
import { askPod, Summaries } from "./controllers/summaries.ts";
import type { Duties } from "./credentials/duties.ts";
import { SecretKeeper } from "./credentials/secret-keeper.ts";
import { dutiesOf } from "./duties.ts";
import { type Informers, informersOf, WATCHED } from "./informers.ts";
import { EventRecorder } from "./kube/events.ts";
import type { Informer } from "./kube/informer.ts";
import { Lease } from "./kube/lease.ts";
import { WorkQueue } from "./kube/work-queue.ts";
import { certificateMetrics, eventMetrics, stateMetrics, type OperatorEvents } from "./metrics.ts";

/**
 * Builds the operator and runs it. What it knows is kept up to date from the start, so that a second operator is warm;
 * work begins only with the lease. Who loses the lease ends its process: nothing half done goes on beside the new leader.
 */
export async function startOperator(context: ServiceContext<OperatorConfig>): Promise<RunningService> {
  const { config, log, clock, registry, stopping, fail } = context;
  const metrics = eventMetrics(registry, WATCHED);
  const api = new KubeApi(await connectionOf(context.config, context.clock), (method, status) =>
    metrics.onAnswer(method, status),
  );
  const events = new EventRecorder({ api, clock, log, component: "sensorfleet-operator", instance: config.POD_NAME });
  const informers = informersOf(context, api, metrics, (kind, object) => onChange(workers, kind, object));
  const [fleets, store] = [informers.fleets.store, informers.secrets.store];
  const secrets = new SecretKeeper({
    api,
    namespace: config.NAMESPACE,
    store,
    log,
    onWritten: (secret) => onChange(workers, "secrets", secret),
  });
  const reconciler = reconcilerOf(context, api, informers, secrets, events);
  const workers: Workers & { queue: WorkQueue; duties: Duties } = {
    queue: queueOf(context, metrics, (name) => reconciler.reconcile(name)),
    duties: dutiesOf({
      context,
      api,
      informers,
      secrets,
      metrics,
      onWritten: (configMap) => onChange(workers, "configMaps", configMap),
    }),
    fleets,
  };
  const { queue, duties } = workers;
  const lease = leaseOf(context, api);
  stateMetrics(registry, { queue, lease, fleets });
  certificateMetrics(registry, store, config.TLS_SERVICES ?? []);
  const ending = new AbortController();
  const running = Object.values(informers).map((informer: Informers[keyof Informers]) => informer.run(ending.signal));
  lead(context, informers, lease, workers).catch((error: unknown) => {
    if (!stopping.aborted) fail(error);
  });
  return {
    stop: async () => {
      await Promise.all([queue.stop(), duties.stop()]);
      await events.flush();
      await lease.release().catch((err: unknown) => log.warn({ err }, "the lease was not released: it runs out"));
      ending.abort();
      await Promise.all(running);
    },
  };
}

/**
 * Works while it holds the lease; rejects when it has lost it. Credentials come first: other parts' pods wait for them,
 * and they need nothing but the API server, not even the definition of `SensorFleet`.
 */
async function lead(
  { log, stopping, readiness }: ServiceContext<OperatorConfig>,
  informers: Informers,
  lease: Lease,
  { queue, duties }: { readonly queue: WorkQueue; readonly duties: Duties },
): Promise<void> {
  readiness.notReady("kubernetes", "the first lists are not complete");
  const everything = Object.values(informers).map(({ synced }: Pick<Informer<never>, "synced">) => synced);
  const allSynced = Promise.all(everything).then(() => readiness.ready("kubernetes"));
  await Promise.all([informers.secrets.synced, informers.configMaps.synced]);
  await lease.acquire(stopping);
  log.info("this operator leads");
  duties.start();
  void allSynced.then(() => {
    duties.onFleet();
    queue.start();
  });
  if (!(await lease.keep(stopping))) throw new Error("the lease was lost: another operator leads");
}

function reconcilerOf(
  { config, clock, log }: ServiceContext<OperatorConfig>,
  api: KubeApi,
  { fleets, configMaps, statefulSets, pods }: Informers,
  secrets: SecretKeeper,
  events: EventRecorder,
): Reconciler {
  return new Reconciler({
    api,
    stores: { fleets: fleets.store, statefulSets: statefulSets.store, pods: pods.store },
    children: new Children({
      api,
      namespace: config.NAMESPACE,
      configMaps: configMaps.store,
      statefulSets: statefulSets.store,
      secrets,
      usesTls: config.FLEET_MQTT_URL.startsWith("mqtts:"),
      log,
    }),
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
      metrics.onReconciled("sensorfleet", durationMs, err !== undefined);
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

/** What the configuration decides for all fleets. */
export function settingsOf(config: OperatorConfig): FleetSettings {
  const storage = { "ephemeral-storage": config.POD_EPHEMERAL_STORAGE };
  return {
    image: config.SIMULATOR_IMAGE,
    mqttUrl: config.FLEET_MQTT_URL,
    requests: { cpu: config.POD_CPU_REQUEST, memory: config.POD_MEMORY_REQUEST, ...storage },
    limits: { memory: config.POD_MEMORY_LIMIT, ...storage },
    stopGraceSeconds: config.POD_STOP_GRACE_PERIOD / 1000,
  };
}
