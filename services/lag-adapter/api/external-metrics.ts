import type { Held } from "../held-value.ts";
import { parseSelector, SelectorError, type Labels } from "./label-selector.ts";
import { GROUP, GROUP_VERSION, VERSION } from "./routes.ts";

/** A value that somebody may ask for. */
export interface Series {
  readonly metric: string;
  readonly labels: Labels;
  read(): Held<number>;
}

/** An answer in the words of HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * What the version serves, https://github.com/kubernetes/metrics/blob/master/IMPLEMENTATIONS.md and the types in
 * https://github.com/kubernetes/metrics/tree/master/pkg/apis/external_metrics/v1beta1.
 */
export function resourceList(series: readonly Series[]): object {
  const resource = (name: string): object => ({
    name,
    singularName: "",
    namespaced: true,
    kind: "ExternalMetricValueList",
    verbs: ["get"],
  });
  const metrics = [...new Set(series.map(({ metric }) => metric))];
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: GROUP_VERSION, resources: metrics.map(resource) };
}

const VERSION_OF_GROUP = { groupVersion: GROUP_VERSION, version: VERSION };
const NAMED_GROUP = { name: GROUP, versions: [VERSION_OF_GROUP], preferredVersion: VERSION_OF_GROUP };

export const apiGroup = { kind: "APIGroup", apiVersion: "v1", ...NAMED_GROUP };
export const apiGroupList = { kind: "APIGroupList", apiVersion: "v1", groups: [NAMED_GROUP] };

/**
 * The values of a metric that fit a selector; they are the same in every namespace. A metric that nobody knows is an
 * empty list, as the reference implementation has it. If a value that fits is unknown, all is an error: a sum without it
 * would be a lie, and the HPA keeps its replicas when it gets an error.
 */
export function metricValues(series: readonly Series[], metric: string, selector: string): Answer {
  let fits: (labels: Labels) => boolean;
  try {
    fits = parseSelector(selector);
  } catch (error) {
    if (error instanceof SelectorError) return failure(400, "BadRequest", error.message);
    throw error;
  }
  const items = [];
  for (const each of series) {
    if (each.metric !== metric || !fits(each.labels)) continue;
    const held = each.read();
    if (held.kind === "unknown") return failure(503, "ServiceUnavailable", `${name(each)}: ${held.reason}`);
    items.push(item(each, held.value, held.atMs));
  }
  return {
    status: 200,
    body: { kind: "ExternalMetricValueList", apiVersion: GROUP_VERSION, metadata: {}, items },
  };
}

/** A `Status`, by which every client of Kubernetes knows a failure. */
export function failure(code: number, reason: string, message: string): Answer {
  return {
    status: code,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
  };
}

function item({ metric: metricName, labels: metricLabels }: Series, value: number, atMs: number): object {
  const timestamp = new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z");
  return { metricName, metricLabels, timestamp, value: quantity(value) };
}

/** In the canonical form: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;
}

function name({ metric, labels }: Series): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return `${metric}{${pairs.join(",")}}`;
}
