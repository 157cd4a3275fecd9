import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { tlsSecret } from "../../operator/credentials/names.ts";
import { lagSchema } from "../../services/lag-adapter/config.ts";
import { labelsOf, parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import { StreamingService } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { kafkaBrokers } from "./addresses.ts";

const TLS_DIRECTORY = "/etc/lag-adapter-tls";

/** Consumer lag as gauges and, for the HPA, as the external metrics API of the cluster. */
export class LagAdapter extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, "lag");
    traffic.allow(parts.lagAdapter, parts.kafka, ports.kafka);
    traffic.add(parts.lagAdapter, "api-server");
    traffic.open(parts.lagAdapter, ports.metricsApi);
    new StreamingService(this, {
      profile,
      name: parts.lagAdapter,
      program: "services/lag-adapter/main.ts",
      nodeFlags: ["--max-semi-space-size=1"],
      workload: "Deployment",
      replicas: profile.lagAdapterReplicas,
      // Without it the API group is unavailable, and no namespace of the cluster can be deleted meanwhile.
      isAlwaysThere: true,
      schema: lagSchema,
      environment: {
        KAFKA_BROKERS: kafkaBrokers(profile),
        API_HOST: "0.0.0.0",
        API_PORT: String(ports.metricsApi),
        TLS_CERT_FILE: `${TLS_DIRECTORY}/tls.crt`,
        TLS_KEY_FILE: `${TLS_DIRECTORY}/tls.key`,
      },
      resources: { cpu: "50m", memory: "144Mi", memoryLimit: "256Mi" },
      listens: { https: ports.metricsApi },
      mounts: [{ path: TLS_DIRECTORY, from: { secret: tlsSecret(parts.lagAdapter) } }],
      account: parts.lagAdapter,
      usesKubernetes: true,
    });
    rights(this, profile);
  }
}

/** Who the adapter asks whom it may answer: https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/ */
function rights(scope: Construct, { namespace }: Profile): void {
  const account = { kind: "ServiceAccount", name: parts.lagAdapter, namespace };
  const labels = labelsOf(parts.lagAdapter);
  new k8s.KubeServiceAccount(scope, "account", {
    metadata: { name: parts.lagAdapter, labels },
    automountServiceAccountToken: false,
  });
  // Must stand in kube-system: that is where the ConfigMap is.
  new k8s.KubeRoleBinding(scope, "authentication-reader", {
    metadata: { name: "smart-home-lag-adapter-authentication-reader", namespace: "kube-system", labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "extension-apiserver-authentication-reader" },
    subjects: [account],
  });
  new k8s.KubeClusterRoleBinding(scope, "auth-delegator", {
    metadata: { name: "smart-home-lag-adapter-auth-delegator", labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
    subjects: [account],
  });
}
