export { KubeApi, type Call, type OnAnswer } from "./api.ts";
export { connectionOf, kubernetesVariables, type KubernetesConfig } from "./config.ts";
export { inClusterConnection, kubeconfigConnection, type Connection } from "./connection.ts";
export * from "./errors.ts";
export * from "./objects.ts";
