/**
 * Prometheus for the end-to-end test: the cluster's own; or, where its image has no Kubernetes discovery (Debian's build,
 * which stands in for the official image on machines without a registry), one on this machine that scrapes the same pods
 * with the same rules and labels.
 */
import { META, prometheusConfig, scrape } from "../../charts/observability/prometheus/scrape-config.ts";
import { ruleFile } from "../../charts/observability/rules/rule-file.ts";
import { ruleGroups } from "../../charts/observability/rules/rule-groups.ts";
import type { Profile } from "../../charts/profile.ts";
import { FLEET_LABEL } from "../../operator/api/names.ts";
import { startPrometheus } from "#testkit";
import { isReady, lacksImage, NAMESPACE, pods, type PodItem } from "./installation.ts";
import { kubectl, PortForward } from "./kubectl.ts";

export interface Metrics extends AsyncDisposable {
  /** Where it is, in words. */
  readonly name: string;
  /** Whether an expression gives a series with a number now. */
  finds(expression: string): Promise<boolean>;
  /** Names of alerts that fire. */
  firing(): Promise<string[]>;
}

const SELECTOR = "app.kubernetes.io/name=prometheus";
const PORT = 9090;

/** A Prometheus whose build does not know the discovery of pods. Said, not taken for granted. */
export async function lacksDiscovery(): Promise<boolean> {
  const found = await pods(SELECTOR);
  if (found.length === 0 || found.every(isReady) || found.some(lacksImage)) return false;
  const log = async (...args: string[]): Promise<string> =>
    kubectl("logs", "-n", NAMESPACE, "-l", SELECTOR, "--tail=5", ...args).catch(() => "");
  return /field kubernetes_sd_configs not found/.test((await log()) + (await log("--previous")));
}

export async function metricsOf(profile: Profile): Promise<Metrics> {
  return (await lacksDiscovery()) ? onThisMachine(profile) : inTheCluster();
}

async function inTheCluster(): Promise<Metrics> {
  const forward = await PortForward.open(NAMESPACE, "service/prometheus", [PORT]);
  const ask = async (path: string): Promise<unknown> =>
    ((await (await fetch(`http://${forward.address(PORT)}/api/v1/${path}`)).json()) as { data: unknown }).data;
  return {
    name: "the cluster's own Prometheus",
    finds: async (expression) => {
      const data = await ask(`query?query=${encodeURIComponent(expression)}`);
      return (data as { result: { value: [number, string] }[] }).result.some(({ value }) => value[1] !== "NaN");
    },
    firing: async () => namesOf(await ask("alerts")),
    [Symbol.asyncDispose]: () => {
      forward[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

async function onThisMachine(profile: Profile): Promise<Metrics> {
  const targets = (await pods()).filter(({ status }) => status.podIP !== undefined).map(asDiscovered);
  const prometheus = await startPrometheus({
    files: {
      "prometheus.yml": prometheusConfig("rules.yml", [scrape({ static_configs: targets })]),
      "rules.yml": ruleFile(ruleGroups(profile)),
    },
  });
  return {
    name: "a Prometheus on this machine, because the cluster's has no Kubernetes discovery",
    finds: async (expression) => (await prometheus.query(expression)).some(({ value }) => !Number.isNaN(value)),
    firing: async () => namesOf(await prometheus.api("alerts")),
    [Symbol.asyncDispose]: () => prometheus.server[Symbol.asyncDispose](),
  };
}

/** A pod with the labels that discovery would give it. */
function asDiscovered({
  metadata: { name, labels = {}, annotations = {} },
  status: { podIP = "", phase },
}: PodItem): object {
  const known = {
    [META.address]: podIP,
    [META.phase]: phase,
    [META.pod]: name,
    [META.part]: labels["app.kubernetes.io/name"],
    [META.fleet]: labels[FLEET_LABEL],
    [META.scrape]: annotations["prometheus.io/scrape"],
    [META.port]: annotations["prometheus.io/port"],
    [META.path]: annotations["prometheus.io/path"],
  };
  return {
    targets: [podIP],
    labels: Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}

function namesOf(data: unknown): string[] {
  const { alerts } = data as { alerts: { labels: { alertname: string }; state: string }[] };
  return alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname);
}
