import { kafkaGroups, kafkaTopics } from "#events";
import { hpaSettings } from "../autoscaling/hpa-settings.ts";
import { labelsOf, parts } from "../names.ts";
import type { Profile } from "../profile.ts";
import { kafkaBrokers } from "./addresses.ts";

/**
 * For clusters that run KEDA, which owns the external metrics API there: its own HPA instead of ours, with the same
 * target and behaviour (https://keda.sh/docs/latest/scalers/apache-kafka/).
 */
export function kedaScaledObject(profile: Profile): unknown {
  const { minReplicas, maxReplicas, averageValue, behavior } = hpaSettings(profile.writer);
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
            lagThreshold: averageValue,
            offsetResetPolicy: "earliest",
            // Cut to partitions x threshold by default, which ends below the maximum: https://github.com/kedacore/keda/issues/2908
            allowIdleConsumers: "true",
          },
        },
      ],
    },
  };
}
