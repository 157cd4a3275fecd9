import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { kafkaGroups, kafkaTopics } from "#events";
import { hpaSettings, type HpaSettings } from "../autoscaling/hpa-settings.ts";
import { labelsOf, parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import { count } from "../resources.ts";

const GROUP = "external.metrics.k8s.io";
const VERSION = "v1beta1";

/** The APIService that the operator gives the CA to. */
export const API_SERVICE = `${VERSION}.${GROUP}`;

/**
 * The writer's autoscaler, and the lag adapter as the cluster's external metrics API, which it asks. A cluster has one such
 * API: where KEDA or another adapter is it, this file is left out.
 */
export class Autoscaler extends Construct {
  constructor(scope: Construct, profile: Profile) {
    super(scope, "autoscaler");
    autoscaler(this, profile);
    apiService(this, profile);
    reader(this);
  }
}

/** https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/ on the lag that the lag adapter serves. */
function autoscaler(scope: Construct, profile: Profile): void {
  const settings = hpaSettings(profile.writer);
  new k8s.KubeHorizontalPodAutoscalerV2(scope, "autoscaler", {
    metadata: { name: parts.writer, labels: labelsOf(parts.writer) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: parts.writer },
      minReplicas: settings.minReplicas,
      maxReplicas: settings.maxReplicas,
      metrics: settings.metrics.map(({ name, averageValue }) => ({
        type: "External",
        external: {
          metric: { name, selector: { matchLabels: { group: kafkaGroups.writer, topic: kafkaTopics.readings.name } } },
          target: { type: "AverageValue", averageValue: count(Number(averageValue)) },
        },
      })),
      behavior: { scaleUp: scaling(settings.behavior.scaleUp), scaleDown: scaling(settings.behavior.scaleDown) },
    },
  });
}

/** cdk8s wants lists of its own. */
function scaling({ policies, ...rest }: HpaSettings["behavior"]["scaleUp"]): k8s.HpaScalingRulesV2 {
  return { ...rest, policies: [...policies] };
}

/** Without `caBundle`: the operator puts it in, and a later apply leaves a field alone that was never in the manifest. */
function apiService(scope: Construct, { namespace }: Profile): void {
  new k8s.KubeApiService(scope, "api-service", {
    metadata: { name: API_SERVICE, labels: labelsOf(parts.lagAdapter) },
    spec: {
      group: GROUP,
      version: VERSION,
      service: { name: parts.lagAdapter, namespace, port: ports.metricsApi },
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
}

/** The autoscaler may ask for any external metric. */
function reader(scope: Construct): void {
  const labels = labelsOf(parts.lagAdapter);
  new k8s.KubeClusterRole(scope, "metrics-reader", {
    metadata: { name: "smart-home-external-metrics-reader", labels },
    rules: [{ apiGroups: [GROUP], resources: ["*"], verbs: ["get", "list", "watch"] }],
  });
  new k8s.KubeClusterRoleBinding(scope, "hpa-reads-metrics", {
    metadata: { name: "smart-home-hpa-external-metrics-reader", labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "smart-home-external-metrics-reader" },
    subjects: [{ kind: "ServiceAccount", name: "horizontal-pod-autoscaler", namespace: "kube-system" }],
  });
}
