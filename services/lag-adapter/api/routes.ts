/** The group of the API and its only version. */
export const GROUP = "external.metrics.k8s.io";
export const VERSION = "v1beta1";
export const GROUP_VERSION = `${GROUP}/${VERSION}`;

/** What a path asks for. */
export type Route =
  | { readonly kind: "health" }
  /** All groups of this server, the group, its version, and their description: what discovery reads. */
  | { readonly kind: "groups" | "group" | "version" | "openapi" }
  | { readonly kind: "values"; readonly namespace: string; readonly metric: string }
  | { readonly kind: "unknown" };

const HEALTH = ["/healthz", "/readyz", "/livez"];

/**
 * Reads a path as the reference implementation does, whose list of paths with their answers is the contract:
 * https://github.com/kubernetes-sigs/custom-metrics-apiserver/blob/master/pkg/apiserver/installer/apiserver_test.go
 *
 * `path` is as it came over the wire, without its query. It is decoded before it is split, so that a slash in a metric's
 * name, however it is written, is another path.
 */
export function routeOf(path: string): Route {
  if (HEALTH.includes(path)) return { kind: "health" };
  if (path === "/openapi/v2") return { kind: "openapi" };
  const [root, group, version, ...rest] = segments(path);
  if (root !== "apis") return { kind: "unknown" };
  if (group === undefined) return { kind: "groups" };
  if (group !== GROUP) return { kind: "unknown" };
  if (version === undefined || (version === "" && rest.length === 0)) return { kind: "group" };
  if (version !== VERSION) return { kind: "unknown" };
  if (rest.length === 0 || (rest.length === 1 && rest[0] === "")) return { kind: "version" };
  const [namespaces, namespace = "", metric = "", ...more] = rest;
  const isComplete = namespaces === "namespaces" && namespace !== "" && metric !== "" && more.length === 0;
  return isComplete ? { kind: "values", namespace, metric } : { kind: "unknown" };
}

function segments(path: string): string[] {
  try {
    const [nothing, ...parts] = decodeURIComponent(path).split("/");
    return nothing === "" ? parts : [];
  } catch {
    return [];
  }
}

/**
 * Whether an answer in plain JSON is welcome, by the header `Accept`. A client that wants only something else, above all
 * the aggregated discovery of newer API servers (`as=APIGroupDiscoveryList`), must get 406: one that gets 200 and another
 * kind takes it for an empty list of resources, or keeps namespaces in Terminating
 * (https://github.com/kubernetes/kubernetes/issues/119662).
 */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (!["*/*", "application/*", "application/json"].includes(type)) return false;
    return !parameters.some((parameter) => /^(as=|q=0(\.0*)?$)/.test(parameter));
  });
}
