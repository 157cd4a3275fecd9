import { parseSelector, SelectorError, type Labels } from "./label-selector.ts";
import type { Held } from "./held-value.ts";

/** The metric by which the HPA scales writers: records that a group has not committed yet. */
export const METRIC = "kafka_consumer_lag";

export const GROUP_VERSION = "external.metrics.k8s.io/v1beta1";

/** A value that somebody may ask for. */
export interface Series {
  readonly labels: Labels;
  /** Records. */
  read(): Held<number>;
}

/** An answer in the words of HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * What the API serves, https://github.com/kubernetes/metrics/blob/master/IMPLEMENTATIONS.md and the types in
 * https://github.com/kubernetes/metrics/tree/master/pkg/apis/external_metrics/v1beta1.
 */
export const resourceList = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: GROUP_VERSION,
  resources: [{ name: METRIC, singularName: "", namespaced: true, kind: "ExternalMetricValueList", verbs: ["get"] }],
};

/**
 * The values of a metric that fit a selector. A metric that nobody knows is an empty list, as the reference
 * implementation has it. If a value that fits is unknown, all is an error: a sum without it would be a lie, and the HPA
 * keeps its replicas when it gets an error.
 */
export function metricValues(series: readonly Series[], metric: string, selector: string, nowMs: number): Answer {
  let fits: (labels: Labels) => boolean;
  try {
    fits = parseSelector(selector);
  } catch (error) {
    if (error instanceof SelectorError) return failure(400, "BadRequest", error.message);
    throw error;
  }
  const items = [];
  for (const each of metric === METRIC ? series : []) {
    if (!fits(each.labels)) continue;
    const held = each.read();
    if (held.kind === "unknown") return failure(503, "ServiceUnavailable", `${name(each.labels)}: ${held.reason}`);
    items.push(item(each.labels, held.value, held.atMs));
  }
  const resourceVersion = String(nowMs);
  return {
    status: 200,
    body: { kind: "ExternalMetricValueList", apiVersion: GROUP_VERSION, metadata: { resourceVersion }, items },
  };
}

/** A `Status`, by which every client of Kubernetes knows a failure. */
export function failure(code: number, reason: string, message: string): Answer {
  return {
    status: code,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
  };
}

function item(metricLabels: Labels, value: number, atMs: number): object {
  return {
    metricName: METRIC,
    metricLabels,
    timestamp: new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z"),
    value: String(value),
  };
}

function name(labels: Labels): string {
  return `${METRIC}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(",")}}`;
}
