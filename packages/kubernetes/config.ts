import { text, type Clock } from "#runtime";
import { inClusterConnection, kubeconfigConnection, type Connection } from "./connection.ts";

/** Variables of every program that speaks to the API server; spread them into its schema. */
export const kubernetesVariables = {
  KUBECONFIG: text().optional().describe("How to reach the API server from outside; in a pod: not set."),
  KUBERNETES_SERVICE_HOST: text().optional().describe("Set by Kubernetes in every pod."),
  KUBERNETES_SERVICE_PORT: text().optional().describe("Set by Kubernetes in every pod."),
};

/** What {@link kubernetesVariables} become once loaded. */
export interface KubernetesConfig {
  readonly KUBECONFIG?: string | undefined;
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

/** By the kubeconfig where one is named, else as the pod's account. */
export function connectionOf(
  { KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" }: KubernetesConfig,
  clock: Clock,
): Promise<Connection> {
  return file === undefined ? inClusterConnection({ host, port }, clock) : kubeconfigConnection(file);
}
