import { kafkaGroups, kafkaTopics } from "#events";
import { lagMetricNames } from "../../services/lag-adapter/config.ts";
import { hpaSettings, type HpaSettings } from "../autoscaling/hpa-settings.ts";
import { labelsOf, parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import { kafkaBrokers } from "./addresses.ts";

/**
 * For clusters that run KEDA, which owns the external metrics API there: its own HPA instead of ours, with the same
 * target and behaviour (https://keda.sh/docs/latest/scalers/apache-kafka/).
 */
export function kedaObjects(profile: Profile): unknown[] {
  return [scaledObject(profile), networkPolicy(profile)];
}

/** KEDA asks Kafka and Prometheus itself, from its own namespace. */
function networkPolicy(profile: Profile): unknown {
  const keda = [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "keda" } } }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "keda", namespace: profile.namespace, labels: labelsOf(parts.writer) },
    spec: {
      podSelector: {
        matchExpressions: [
          { key: "app.kubernetes.io/name", operator: "In", values: [parts.kafka, prometheusOf(profile)] },
        ],
      },
      policyTypes: ["Ingress"],
      ingress: [{ from: keda, ports: [ports.kafka, ports.prometheus].map((port) => ({ protocol: "TCP", port })) }],
    },
  };
}

function prometheusOf({ monitoring }: Profile): string {
  return monitoring === "managed" ? parts.prometheusFrontend : parts.prometheus;
}

function scaledObject(profile: Profile): unknown {
  const settings = hpaSettings(profile.writer);
  const { minReplicas, maxReplicas, behavior } = settings;
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: parts.writer, namespace: profile.namespace, labels: labelsOf(parts.writer) },
    spec: {
      scaleTargetRef: { name: parts.writer },
      minReplicaCount: minReplicas,
      maxReplicaCount: maxReplicas,
      // On an error of Kafka the replicas stay as they are.
      fallback: { failureThreshold: 3, replicas: minReplicas, behavior: "currentReplicas" },
      advanced: { horizontalPodAutoscalerConfig: { behavior } },
      triggers: [
        {
          type: "kafka",
          metadata: {
            bootstrapServers: kafkaBrokers(profile),
            consumerGroup: kafkaGroups.writer,
            topic: kafkaTopics.readings.name,
            lagThreshold: settings.averageValue,
            offsetResetPolicy: "earliest",
            // Cut to partitions x threshold by default, which ends below the maximum: https://github.com/kedacore/keda/issues/2908
            allowIdleConsumers: "true",
          },
        },
        ...settings.metrics
          .filter(({ name }) => name === lagMetricNames.appendRate)
          .map((metric) => growth(profile, metric)),
      ],
    },
  };
}

/** How fast the topic grows: without it the writers that a lasting load needs would come and go (see hpa-settings.ts). */
function growth(profile: Profile, { name, averageValue }: HpaSettings["metrics"][number]): unknown {
  return {
    type: "prometheus",
    metricType: "AverageValue",
    metadata: {
      serverAddress: `http://${prometheusOf(profile)}.${profile.namespace}.svc:${ports.prometheus}`,
      query: `max(${name}{group="${kafkaGroups.writer}",topic="${kafkaTopics.readings.name}"})`,
      threshold: averageValue,
    },
  };
}
