import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { stringify } from "yaml";
import { operatorSchema } from "../../operator/config.ts";
import { clusterRights, rights, type Right } from "../../operator/rights.ts";
import { labelsOf, parts, ports, secrets } from "../names.ts";
import type { Profile } from "../profile.ts";
import { StreamingService } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { mqttUrl } from "./addresses.ts";
import { API_SERVICE } from "./autoscaler.ts";
import { defaultFleet } from "./fleets.ts";
import { mqttUsers } from "./mosquitto.ts";

const FLEET_DIRECTORY = "/etc/default-fleet";
const FLEET_FILE = "fleet.yaml";
const FLEET_CONFIG_MAP = "default-fleet";

/** Makes fleets from `SensorFleet` objects, and everything secret; see operator/README.md. */
export class Operator extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, "operator");
    const { deviceHost } = profile.mosquitto;
    traffic.add(parts.operator, "api-server");
    traffic.allow(parts.operator, parts.simulator, ports.ops);
    new k8s.KubeConfigMap(this, "default-fleet", {
      metadata: { name: FLEET_CONFIG_MAP, labels: labelsOf(parts.operator) },
      data: { [FLEET_FILE]: stringify(defaultFleet) },
    });
    new StreamingService(this, {
      profile,
      name: parts.operator,
      program: "operator/main.ts",
      nodeFlags: ["--max-semi-space-size=1", "--optimize-for-size"],
      workload: "Deployment",
      replicas: 1,
      isSingle: true,
      schema: operatorSchema,
      environment: {
        NAMESPACE: { field: "metadata.namespace" },
        POD_NAME: { field: "metadata.name" },
        SIMULATOR_IMAGE: profile.image,
        FLEET_MQTT_URL: mqttUrl(profile),
        TLS_SERVICES: [parts.mosquitto, parts.lagAdapter].join(","),
        ...(deviceHost === undefined ? {} : { TLS_EXTRA_NAMES: `${parts.mosquitto}:${deviceHost}` }),
        MQTT_USERS: Object.values(mqttUsers).join(","),
        RANDOM_SECRETS: randomSecrets(profile),
        API_SERVICE,
        DEFAULT_FLEET_FILE: `${FLEET_DIRECTORY}/${FLEET_FILE}`,
        DEFAULT_FLEET_AFTER: parts.bridge,
      },
      resources: { cpu: "50m", memory: "128Mi", memoryLimit: "256Mi" },
      mounts: [{ path: FLEET_DIRECTORY, from: { configMap: FLEET_CONFIG_MAP } }],
      account: parts.operator,
      usesKubernetes: true,
    });
    account(this, profile);
  }
}

function randomSecrets({ bigQuery }: Profile): string {
  const wanted = [
    secrets.kafkaClusterId,
    secrets.grafanaPassword,
    ...(bigQuery.kind === "embedded" ? [secrets.bigQueryToken] : []),
  ];
  return wanted.map(({ name, key }) => `${name}:${key}`).join(",");
}

/** cdk8s wants lists of its own. */
function rules(allowed: readonly Right[]): k8s.PolicyRule[] {
  return allowed.map(({ apiGroups, resources, verbs, resourceNames }) => ({
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: [...verbs],
    ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
  }));
}

function account(scope: Construct, { namespace }: Profile): void {
  const subjects = [{ kind: "ServiceAccount", name: parts.operator, namespace }];
  const labels = labelsOf(parts.operator);
  new k8s.KubeServiceAccount(scope, "account", {
    metadata: { name: parts.operator, labels },
    automountServiceAccountToken: false,
  });
  new k8s.KubeRole(scope, "role", { metadata: { name: parts.operator, labels }, rules: rules(rights) });
  new k8s.KubeRoleBinding(scope, "role-binding", {
    metadata: { name: parts.operator, labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: parts.operator },
    subjects,
  });
  // Of all that lies outside of the namespace, this one object.
  new k8s.KubeClusterRole(scope, "api-service-role", {
    metadata: { name: "smart-home-api-service-ca", labels },
    rules: rules(clusterRights(API_SERVICE)),
  });
  new k8s.KubeClusterRoleBinding(scope, "api-service-role-binding", {
    metadata: { name: "smart-home-api-service-ca", labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "smart-home-api-service-ca" },
    subjects,
  });
}
