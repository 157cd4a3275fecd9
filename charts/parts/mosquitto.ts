import { createHash } from "node:crypto";
import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { AUTHORITY, tlsSecret, USERS_SECRET, userSecret } from "../../operator/credentials/names.ts";
import { agentSchema, PROBE_TOPIC } from "../../services/mosquitto-agent/config.ts";
import { READER } from "../../operator/api/names.ts";
import { checkEnvironment, environmentVariables, type EnvironmentOf, type EnvironmentValue } from "../environment.ts";
import { images, labelsOf, parts, ports, selectorOf } from "../names.ts";
import { restrictedContainer, restrictedPod } from "../pod-security.ts";
import type { Profile } from "../profile.ts";
import { port, requirements, volumeClaim } from "../resources.ts";
import { disruptionBudget, probes, volume, volumeMount, type Mount } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { CA_DIRECTORY, CA_FILE } from "./addresses.ts";

/** User `mosquitto` of the official image; the agent has it too, or it could not signal the broker. */
const USER = 1883;
const GRACE_SECONDS = 60;

const CONFIG_MAP = "mosquitto-config";
const DIRECTORIES = {
  config: "/mosquitto/config",
  tls: "/mosquitto/tls",
  users: "/mosquitto/users",
  data: "/mosquitto/data",
};

/**
 * The broker's own users, as the operator makes them: all but the reader with an underscore before their names, which no
 * fleet's name can have.
 */
export const mqttUsers = { bridge: READER, agent: "agent", replay: "replay" } as const;

/** https://mosquitto.org/man/mosquitto-conf-5.html. Certificates, users and rules are read again at SIGHUP. */
const configuration = ({
  maxQueuedMib,
}: Profile["mosquitto"]): string => `# Queues are bounded by bytes, of each client, not by number: a bridge that is away loses nothing until then.
persistence true
persistence_location ${DIRECTORIES.data}/
autosave_interval 5
max_queued_messages 0
max_queued_bytes ${maxQueuedMib * 1024 * 1024}
# A reading has at most 16 KiB; what is larger should still become a dead letter.
max_packet_size 1048576
# Sessions that nobody comes back to: a day longer than the bridge's.
persistent_client_expiration 8d
sys_interval 5
log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages false

listener ${ports.mqtts}
certfile ${DIRECTORIES.tls}/tls.crt
keyfile ${DIRECTORIES.tls}/tls.key
tls_version tlsv1.2

allow_anonymous false
password_file ${DIRECTORIES.users}/passwords
acl_file ${DIRECTORIES.config}/rules
`;

/**
 * %u is the login: a rule confines every tenant to its own topics, and lets the user `sensors` read them all.
 *
 * Not a rule of that one user (`user …`, `topic read …`): Mosquitto 2.0.11 forgets it for the session of a client that is
 * away when the broker is started anew and then told to read its rules again. What is published until the client is back
 * is then acknowledged, with success, and thrown away. Patterns are not forgotten; a test holds both.
 */
export const RULES = `user _${mqttUsers.agent}
topic write ${PROBE_TOPIC}
topic read $SYS/#

user _${mqttUsers.replay}
topic write sensors/#

pattern read %u/+/+/+/telemetry
pattern write sensors/%u/+/+/telemetry
pattern write sensors/%u/+/+/status
`;

/** The MQTT broker: TLS only, no anonymous access, persistent, with the agent beside it. */
export class Mosquitto extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.mosquitto);
    traffic.allow(parts.bridge, parts.mosquitto, ports.mqtts);
    traffic.allow(parts.simulator, parts.mosquitto, ports.mqtts);
    if (profile.mosquitto.isPublic) traffic.open(parts.mosquitto, ports.mqtts);
    new k8s.KubeConfigMap(this, "config", {
      metadata: { name: CONFIG_MAP, labels: labelsOf(parts.mosquitto) },
      data: { "mosquitto.conf": configuration(profile.mosquitto), rules: RULES },
    });
    broker(this, profile);
    services(this, profile);
    disruptionBudget(this, parts.mosquitto);
  }
}

function services(scope: Construct, profile: Profile): void {
  const spec = {
    selector: selectorOf(parts.mosquitto),
    ports: [{ name: "mqtts", port: ports.mqtts, targetPort: port("mqtts") }],
  };
  new k8s.KubeService(scope, "service", {
    metadata: { name: parts.mosquitto, labels: labelsOf(parts.mosquitto) },
    spec,
  });
  if (profile.mosquitto.isPublic)
    new k8s.KubeService(scope, "internal-load-balancer", {
      metadata: {
        name: `${parts.mosquitto}-devices`,
        labels: labelsOf(parts.mosquitto),
        // Inside the VPC only; devices on the internet need an address and source ranges of one's own choice.
        annotations: { "networking.gke.io/load-balancer-type": "Internal" },
      },
      spec: { ...spec, type: "LoadBalancer", externalTrafficPolicy: "Local" },
    });
}

function broker(scope: Construct, profile: Profile): void {
  const files = createHash("sha256").update(configuration(profile.mosquitto)).digest("hex").slice(0, 16);
  new k8s.KubeStatefulSet(scope, "stateful-set", {
    metadata: { name: parts.mosquitto, labels: labelsOf(parts.mosquitto) },
    spec: {
      replicas: 1,
      serviceName: parts.mosquitto,
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(parts.mosquitto) },
      template: {
        metadata: {
          labels: labelsOf(parts.mosquitto),
          annotations: {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": String(ports.ops),
            // Listeners and persistence are read at the start only: a change of them replaces the pod.
            "smart-home-bridge.dev/configuration": files,
          },
        },
        spec: pod(profile),
      },
      volumeClaimTemplates: [volumeClaim("data", profile.mosquitto.storage)],
    },
  });
}

const MOUNTS: readonly Mount[] = [
  { path: DIRECTORIES.config, from: { configMap: CONFIG_MAP } },
  { path: DIRECTORIES.tls, from: { secret: tlsSecret(parts.mosquitto) } },
  { path: DIRECTORIES.users, from: { secret: USERS_SECRET } },
];
const CA: Mount = { path: CA_DIRECTORY, from: { configMap: AUTHORITY } };

function pod(profile: Profile): k8s.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The agent finds the broker among the pod's processes and signals it.
    shareProcessNamespace: true,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: restrictedPod(USER),
    containers: [brokerContainer(profile), agentContainer(profile)],
    volumes: [...MOUNTS, CA].map(volume),
  };
}

/** Its probes ask the agent, which asks the broker by a whole MQTT round trip. */
function brokerContainer(profile: Profile): k8s.Container {
  const answers = { httpGet: { path: "/readyz", port: port(ports.ops) }, timeoutSeconds: 5 };
  return {
    name: parts.mosquitto,
    image: images.mosquitto,
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: "mqtts", containerPort: ports.mqtts, protocol: "TCP" }],
    resources: requirements(profile.mosquitto.resources),
    securityContext: restrictedContainer,
    startupProbe: { ...answers, periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...answers, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...answers, periodSeconds: 5, failureThreshold: 3 },
    volumeMounts: [...MOUNTS.map(volumeMount), { name: "data", mountPath: DIRECTORIES.data }],
  };
}

function agentContainer(profile: Profile): k8s.Container {
  const login = userSecret(mqttUsers.agent);
  const environment = {
    // By the same name as its clients, whose certificate is checked by that name; never by way of the Service.
    MQTT_URL: `mqtts://localhost:${ports.mqtts}`,
    MQTT_USERNAME: { secret: login, key: "username" },
    MQTT_PASSWORD: { secret: login, key: "password" },
    WATCHED_FILES: [
      `${DIRECTORIES.users}/passwords`,
      `${DIRECTORIES.config}/rules`,
      `${DIRECTORIES.tls}/tls.crt`,
      `${DIRECTORIES.tls}/tls.key`,
    ].join(","),
    OPS_HOST: "0.0.0.0",
    OPS_PORT: String(ports.ops),
    STOP_GRACE_PERIOD: `${GRACE_SECONDS}s`,
  } satisfies EnvironmentOf<typeof agentSchema>;
  checkEnvironment(agentSchema, environment);
  const all: Record<string, EnvironmentValue> = { ...environment, NODE_EXTRA_CA_CERTS: CA_FILE };
  return {
    name: "agent",
    image: profile.image,
    imagePullPolicy: "IfNotPresent",
    args: ["--max-semi-space-size=1", "services/mosquitto-agent/main.ts"],
    env: environmentVariables(all),
    ports: [{ name: "ops", containerPort: ports.ops, protocol: "TCP" }],
    resources: requirements({ cpu: "10m", memory: "80Mi", memoryLimit: "160Mi" }),
    securityContext: restrictedContainer,
    startupProbe: probes.startupProbe,
    livenessProbe: probes.livenessProbe,
    volumeMounts: [...MOUNTS, CA].map(volumeMount),
  };
}
