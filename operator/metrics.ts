import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { SensorFleet } from "./api/sensor-fleet.ts";
import { AUTHORITY, CERTIFICATE, tlsSecret } from "./credentials/names.ts";
import { type Secret, valuesOf } from "./credentials/secret-keeper.ts";
import type { Store } from "./kube/store.ts";
import type { WorkQueue } from "./kube/work-queue.ts";
import { endMsOf, readCertificate } from "./pki/judge.ts";

/** Upper ends in seconds: without a change nothing but the pods is asked; the last ones are an API server in trouble. */
const RECONCILE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** What works by itself: on fleets, and on what is kept beside them. */
const CONTROLLERS = ["sensorfleet", "credentials"] as const;
type Controller = (typeof CONTROLLERS)[number];

/** What happens, as metrics. The names are those of other operators, so that dashboards for these work here too. */
export interface OperatorEvents {
  onReconciled(controller: Controller, durationMs: number, failed: boolean): void;
  onAnswer(method: string, status: number): void;
  onRequest(resource: string, kind: "list" | "watch"): void;
  onInformerError(resource: string): void;
}

/** Registers what is told; every series that is known beforehand exists from the first scrape on. */
export function eventMetrics(registry: Registry, resources: readonly string[]): OperatorEvents {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const reconciled = counter(
    "controller_runtime_reconcile_total",
    "Reconciles of a fleet, or of credentials, by result.",
    ["controller", "result"],
  );
  const errors = counter("controller_runtime_reconcile_errors_total", "Of these, failed; each is tried again.", [
    "controller",
  ]);
  const seconds = new Histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Time of a reconcile.",
    labelNames: ["controller"],
    buckets: RECONCILE_SECONDS,
    registers: [registry],
  });
  const calls = counter(
    "rest_client_requests_total",
    "Calls of the API server, by method and code; code 0: no answer.",
    ["method", "code"],
  );
  const requests = counter("informer_requests_total", "Lists and watches begun, by kind of objects.", [
    "resource",
    "request",
  ]);
  const failures = counter("informer_errors_total", "Lists and watches that failed; each is tried again.", [
    "resource",
  ]);
  for (const controller of CONTROLLERS) {
    for (const result of ["success", "error"]) reconciled.inc({ controller, result }, 0);
    errors.inc({ controller }, 0);
    seconds.zero({ controller });
  }
  calls.inc({ method: "GET", code: "200" }, 0);
  for (const resource of resources) {
    failures.inc({ resource }, 0);
    for (const request of ["list", "watch"]) requests.inc({ resource, request }, 0);
  }
  return {
    onReconciled: (controller, durationMs, failed) => {
      reconciled.inc({ controller, result: failed ? "error" : "success" });
      if (failed) errors.inc({ controller });
      seconds.observe({ controller }, durationMs / 1000);
    },
    onAnswer: (method, status) => calls.inc({ method, code: String(status) }),
    onRequest: (resource, request) => requests.inc({ resource, request }),
    onInformerError: (resource) => failures.inc({ resource }),
  };
}

export interface OperatorState {
  readonly queue: Pick<WorkQueue, "depth" | "active">;
  readonly lease: { readonly isHeld: boolean };
  readonly fleets: Pick<Store<SensorFleet>, "all">;
}

/** Registers what is read at each scrape. */
export function stateMetrics(registry: Registry, { queue, lease, fleets }: OperatorState): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric = new Gauge({ name, help, registers: [registry], collect: () => update() });
    const update = (): void => metric.set(read());
  };
  gauge("workqueue_depth", "Fleets that wait to be worked on.", () => queue.depth);
  gauge("controller_runtime_active_workers", "Fleets that are being worked on.", () => queue.active);
  gauge("leader_election_master_status", "1 while this operator leads, else 0.", () => (lease.isHeld ? 1 : 0));
  gauge("operator_fleets", "Fleets in the namespace.", () => fleets.all().length);
  const ofFleets = (name: string, help: string, read: (fleet: SensorFleet) => number): void => {
    const metric = new Gauge({ name, help, labelNames: ["fleet"], registers: [registry], collect: () => update() });
    const update = (): void => {
      metric.reset();
      for (const fleet of fleets.all()) metric.set({ fleet: fleet.metadata.name }, read(fleet));
    };
  };
  ofFleets("operator_fleet_devices", "Devices that a fleet asks for.", ({ spec }) => spec.devices);
  ofFleets(
    "operator_fleet_connected",
    "Its connected devices, as in its status.",
    ({ status }) => status?.connectedDevices ?? 0,
  );
  ofFleets("operator_fleet_ready", "1 if its condition Ready holds, else 0.", ({ status }) =>
    status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") === true ? 1 : 0,
  );
}

/** Registers when the certificates end; one that is not there yet has no series. */
export function certificateMetrics(
  registry: Registry,
  secrets: Pick<Store<Secret>, "get">,
  services: readonly string[],
): void {
  const metric = new Gauge({
    name: "certificate_expiry_timestamp_seconds",
    help: "When a certificate that the operator keeps ends, by its Secret; seconds since the epoch.",
    labelNames: ["secret"],
    registers: [registry],
    collect: () => update(),
  });
  const update = (): void => {
    metric.reset();
    for (const secret of [AUTHORITY, ...services.map(tlsSecret)]) {
      const certificate = readCertificate(valuesOf(secrets.get(secret))[CERTIFICATE]);
      if (certificate !== undefined) metric.set({ secret }, endMsOf(certificate) / 1000);
    }
  };
}
