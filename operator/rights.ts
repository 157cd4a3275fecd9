import { GROUP, PLURAL } from "./api/names.ts";

/** A rule of a Role: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const right = (group: string, resource: string, ...verbs: readonly string[]): Right => ({
  apiGroups: [group],
  resources: [resource],
  verbs,
});

/** All that the operator may do in its namespace; a test runs it with exactly this. */
export const rights: readonly Right[] = [
  // `create` only for a default fleet.
  right(GROUP, PLURAL, "list", "watch", "create", "delete"),
  right(GROUP, `${PLURAL}/status`, "patch"),
  // For owner references that block a deletion, where that right is enforced.
  right(GROUP, `${PLURAL}/finalizers`, "update"),
  right("", "secrets", "list", "watch", "create", "update"),
  right("", "configmaps", "get", "list", "watch", "create", "patch"),
  right("", "pods", "list", "watch", "patch", "delete"),
  right("", "events", "create", "patch"),
  right("apps", "statefulsets", "get", "list", "watch", "create", "patch"),
  right("coordination.k8s.io", "leases", "get", "create", "update"),
];

/** What it may do in the whole cluster, if it is to give the authority to an APIService. */
export function clusterRights(apiService: string): readonly Right[] {
  return [{ ...right("apiregistration.k8s.io", "apiservices", "get", "patch"), resourceNames: [apiService] }];
}
