/** The installation under test, as a user has it: `k8s-out` in the cluster of KUBECONFIG. */
import { fileURLToPath } from "node:url";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { eventually } from "#testkit";
import { API_VERSION, KIND } from "../../operator/api/names.ts";
import type { SensorFleetSpec } from "../../operator/api/sensor-fleet.ts";
import type { PodSummary } from "../../operator/controllers/summaries.ts";
import type { LedgerReport } from "../../services/simulator/ledger-report.ts";
import { auditFleet, type FleetAudit } from "../../local/demo/audit.ts";
import { storedDevices } from "../../local/demo/audit-sources.ts";
import { applyObject, kubectl, kubectlJson, kubectlOutput, PortForward } from "./kubectl.ts";

export const NAMESPACE = "smart-home";
export const MANIFESTS = fileURLToPath(new URL("../../k8s-out", import.meta.url));
const MINUTE_MS = 60_000;
const OPS_PORT = 9090;
const BIGQUERY_PORTS = [9050, 9060] as const;

export interface KubeItem {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface PodItem extends KubeItem {
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly image: string;
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason: string } };
    }[];
  };
}

export async function pods(selector?: string): Promise<PodItem[]> {
  const filter = selector === undefined ? [] : ["-l", selector];
  return (await kubectlJson<{ items: PodItem[] }>("get", "pods", "-n", NAMESPACE, ...filter)).items;
}

export function isReady({ status }: PodItem): boolean {
  return status.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") ?? false;
}

/** The kubelet could not get the pod's image. */
export function lacksImage({ status }: PodItem): boolean {
  return (status.containerStatuses ?? []).some(({ state }) =>
    /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull)$/.test(state.waiting?.reason ?? ""),
  );
}

/** Every pod that a part should have is there and ready. */
export async function ready(part: string): Promise<void> {
  const selector = `app.kubernetes.io/name=${part}`;
  const allReady = (found: PodItem[]): boolean => found.length > 0 && found.every(isReady);
  await eventually(`${part} is ready`, () => pods(selector), allReady, { timeoutMs: 5 * MINUTE_MS, intervalMs: 1000 });
}

/** What came of `kubectl apply` on the folder, by line. */
export interface Applied {
  /** `<kind>/<name> created`, `configured` or `unchanged`. */
  readonly objects: readonly string[];
  /** Of the API server, such as those of Pod Security, and kubectl's own. */
  readonly warnings: readonly string[];
}

export async function applyAll(): Promise<Applied> {
  const { stdout, stderr } = await kubectlOutput("apply", "-f", MANIFESTS);
  return { objects: linesOf(stdout), warnings: linesOf(stderr).filter((line) => line.includes("Warning:")) };
}

/** The names of all objects of the folder that are in the cluster, with or without labels. */
export async function present(): Promise<string[]> {
  return linesOf(await kubectl("get", "-f", MANIFESTS, "--ignore-not-found", "-o", "name"));
}

function linesOf(output: string): string[] {
  return output.split("\n").filter((line) => line !== "");
}

/** All that `kubectl apply` could have changed: what was asked for, not what came of it. By kind and name. */
export async function wishes(): Promise<Record<string, unknown>> {
  const { items } = await kubectlJson<{ items: KubeItem[] }>("get", "-f", MANIFESTS, "--ignore-not-found");
  return Object.fromEntries(
    items.map((item) => {
      const { name, labels, annotations } = item.metadata;
      return [`${item.kind}/${name}`, { ...item, metadata: { labels, annotations }, status: undefined }];
    }),
  );
}

/** A fleet as a user applies it. */
export function applyFleet(name: string, spec: Partial<SensorFleetSpec>): Promise<void> {
  return applyObject({ apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: NAMESPACE }, spec });
}

/** A condition of a fleet, or a field of its status, by JSONPath. */
export async function fleetField(name: string, path: string): Promise<string> {
  return kubectl("get", "sensorfleet", name, "-n", NAMESPACE, "-o", `jsonpath={${path}}`);
}

/** The fleet's condition Ready holds. */
export async function fleetReady(name: string): Promise<void> {
  const status = (): Promise<string> => fleetField(name, '.status.conditions[?(@.type=="Ready")].status');
  await eventually(`the fleet ${name} is ready`, status, (holds) => holds === "True", {
    timeoutMs: 5 * MINUTE_MS,
    intervalMs: 1000,
  });
}

/** The ledgers of a fleet's pods as one. */
export async function ledgerOf(fleet: string): Promise<LedgerReport> {
  const reports = await askPods<LedgerReport>(await pods(instanceOf(fleet)), "/ledger");
  return {
    tenant: fleet,
    devices: reports.flatMap(({ devices }) => devices),
    notMade: reports.reduce((sum, { notMade }) => sum + notMade, 0),
    complete: reports.every(({ complete }) => complete),
  };
}

/** How many devices are connected at this moment. The fleet's status says it in two digits only, and later. */
export async function connectedDevices(fleet: string): Promise<number> {
  const found = (await pods(instanceOf(fleet))).filter(isReady);
  const summaries = await askPods<PodSummary>(found, "/summary");
  return summaries.reduce((sum, { connected }) => sum + connected, 0);
}

function instanceOf(fleet: string): string {
  return `app.kubernetes.io/instance=${fleet}`;
}

/** What each pod answers on its operations port. */
function askPods<T>(asked: readonly PodItem[], path: string): Promise<T[]> {
  return Promise.all(
    asked.map(async ({ metadata }) => {
      // Not by the API server's proxy, which policies may shut out: a forwarded port comes from the node.
      using forward = await PortForward.open(NAMESPACE, `pod/${metadata.name}`, [OPS_PORT]);
      return (await (await fetch(`http://${forward.address(OPS_PORT)}${path}`)).json()) as T;
    }),
  );
}

/** BigQuery in the cluster, with the token that the operator made. */
export async function withBigQuery<T>(use: (clients: BigQueryClients) => Promise<T>): Promise<T> {
  using forward = await PortForward.open(NAMESPACE, "service/bigquery", BIGQUERY_PORTS);
  const secret = await kubectl("get", "secret", "bigquery-token", "-n", NAMESPACE, "-o", "jsonpath={.data.token}");
  const clients = bigQueryClients({
    project: "smart-home",
    restEndpoint: `http://${forward.address(9050)}`,
    grpcEndpoint: forward.address(9060),
    token: Buffer.from(secret, "base64").toString(),
  });
  try {
    return await use(clients);
  } finally {
    await clients.close();
  }
}

/** The pods stay, with their ledgers; only the devices go. Stages that never had any are refused. */
const OFF: NonNullable<SensorFleetSpec["stages"]> = [
  { duration: "1s", devicesPercent: 100, ramp: "Step" },
  { duration: "1s", devicesPercent: 0, ramp: "Step" },
];

/**
 * Turns a fleet's devices off, waits until each reading is acknowledged, and compares the ledger with BigQuery until
 * nothing is missing, or for five minutes.
 */
export async function auditOf(fleet: string, spec: Partial<SensorFleetSpec>): Promise<FleetAudit> {
  await applyFleet(fleet, { ...spec, stages: OFF });
  const off = async (): Promise<string> => fleetField(fleet, ".status.connectedDevices");
  await eventually(`all devices of ${fleet} are off`, off, (count) => count === "0", {
    timeoutMs: 2 * MINUTE_MS,
    intervalMs: 1000,
  });
  const ledger = await eventually(
    `the ledger of ${fleet} is complete`,
    () => ledgerOf(fleet),
    ({ complete }) => complete,
    {
      timeoutMs: 3 * MINUTE_MS,
      intervalMs: 1000,
    },
  );
  return withBigQuery(async (clients) => {
    const audit = async (): Promise<FleetAudit> => auditFleet(ledger, await storedDevices(clients), 0);
    return eventually(`everything of ${fleet} is stored`, audit, ({ missing }) => missing === 0, {
      timeoutMs: 5 * MINUTE_MS,
      intervalMs: 1000,
    });
  });
}
