import { createHash } from "node:crypto";
import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { stringify } from "yaml";
import { KAFKA_SEGMENT_BYTES, kafkaTopics } from "#events";
import { topicsSchema } from "../../services/kafka-topics/config.ts";
import { commandPod } from "../command-pod.ts";
import { environmentVariables } from "../environment.ts";
import { images, labelsOf, parts, ports, secrets, selectorOf } from "../names.ts";
import { restrictedContainer, restrictedPod } from "../pod-security.ts";
import type { Profile } from "../profile.ts";
import { port, requirements, volumeClaim } from "../resources.ts";
import { disruptionBudget } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { kafkaBrokers, kafkaHost } from "./addresses.ts";

/** User `appuser` of the official image. */
const USER = 1000;
const GRACE_SECONDS = 120;
const DATA = "/var/lib/kafka/data";
const LOGGING_CONFIG_MAP = "kafka-logging";

/** To standard output only, as a container should: https://logging.apache.org/log4j/2.x/manual/configuration.html */
const LOGGING = stringify({
  Configuration: {
    Appenders: { Console: { name: "STDOUT", PatternLayout: { pattern: "%d{ISO8601} %p %m (%c)%n" } } },
    Loggers: { Root: { level: "INFO", AppenderRef: { ref: "STDOUT" } } },
  },
});

/** Kafka in KRaft mode from the official image, each broker a controller too, and a Job that makes the topics. */
export class Kafka extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.kafka);
    traffic.allow(parts.kafka, parts.kafka, ports.kafka);
    traffic.allow(parts.kafka, parts.kafka, ports.kafkaController);
    traffic.allow(parts.topics, parts.kafka, ports.kafka);
    new k8s.KubeConfigMap(this, "logging", {
      metadata: { name: LOGGING_CONFIG_MAP, labels: labelsOf(parts.kafka) },
      data: { "log4j2.yaml": LOGGING, "tools-log4j2.yaml": LOGGING },
    });
    brokers(this, profile);
    service(this);
    disruptionBudget(this, parts.kafka);
    topicsJob(this, profile);
  }
}

function service(scope: Construct): void {
  new k8s.KubeService(scope, "service", {
    metadata: { name: parts.kafka, labels: labelsOf(parts.kafka) },
    spec: {
      clusterIp: "None",
      // Brokers must find each other before one of them is ready.
      publishNotReadyAddresses: true,
      selector: selectorOf(parts.kafka),
      ports: [
        { name: "kafka", port: ports.kafka, targetPort: port("kafka") },
        { name: "controller", port: ports.kafkaController, targetPort: port("controller") },
      ],
    },
  });
}

function brokers(scope: Construct, profile: Profile): void {
  new k8s.KubeStatefulSet(scope, "stateful-set", {
    metadata: { name: parts.kafka, labels: labelsOf(parts.kafka) },
    spec: {
      replicas: profile.kafka.brokers,
      serviceName: parts.kafka,
      // An open port is not yet a broker in sync: in a rollout the next one waits so long.
      ...(profile.kafka.brokers > 1 ? { minReadySeconds: 60 } : {}),
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(parts.kafka) },
      template: { metadata: { labels: labelsOf(parts.kafka) }, spec: brokerPod(profile) },
      volumeClaimTemplates: [volumeClaim("data", `${profile.kafka.storageGib}Gi`)],
    },
  });
}

function spread(topologyKey: string): k8s.TopologySpreadConstraint {
  const labelSelector = { matchLabels: selectorOf(parts.kafka) };
  return { maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector };
}

function brokerPod(profile: Profile): k8s.PodSpec {
  const scratch = { config: "/opt/kafka/config", logs: "/opt/kafka/logs", tmp: "/tmp" };
  return {
    automountServiceAccountToken: false,
    // KAFKA_SERVICE_HOST and the like would become broker properties.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: restrictedPod(USER),
    topologySpreadConstraints: [
      spread("topology.kubernetes.io/zone"),
      // One's own constraints stand in place of the scheduler's, so the nodes must be named too.
      spread("kubernetes.io/hostname"),
    ],
    containers: [
      {
        name: "kafka",
        image: images.kafka,
        imagePullPolicy: "IfNotPresent",
        env: brokerEnvironment(profile),
        ports: [
          { name: "kafka", containerPort: ports.kafka, protocol: "TCP" },
          { name: "controller", containerPort: ports.kafkaController, protocol: "TCP" },
        ],
        resources: requirements(profile.kafka.resources),
        securityContext: restrictedContainer,
        startupProbe: { tcpSocket: { port: port("kafka") }, periodSeconds: 2, failureThreshold: 150 },
        livenessProbe: {
          tcpSocket: { port: port("kafka") },
          periodSeconds: 10,
          timeoutSeconds: 5,
          failureThreshold: 6,
        },
        readinessProbe: { tcpSocket: { port: port("kafka") }, periodSeconds: 5, failureThreshold: 2 },
        volumeMounts: [
          { name: "data", mountPath: DATA },
          // What lies here stands in place of the image's own files.
          { name: "logging", mountPath: "/mnt/shared/config", readOnly: true },
          ...Object.entries(scratch).map(([name, mountPath]) => ({ name, mountPath })),
        ],
      },
    ],
    volumes: [
      { name: "logging", configMap: { name: LOGGING_CONFIG_MAP } },
      ...Object.keys(scratch).map((name) => ({ name, emptyDir: {} })),
    ],
  };
}

/** The image makes properties of these: `KAFKA_LOG_DIRS` is `log.dirs` (https://hub.docker.com/r/apache/kafka). */
function brokerEnvironment({ kafka, namespace }: Profile): k8s.EnvVar[] {
  const ordinals = Array.from({ length: kafka.brokers }, (_, ordinal) => ordinal);
  const voters = ordinals.map((ordinal) => `${ordinal}@${kafkaHost(ordinal, namespace)}:${ports.kafkaController}`);
  const minInSync = Math.max(1, kafka.brokers - 1);
  const { name, key } = secrets.kafkaClusterId;
  const literal = environmentVariables({
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: voters.join(","),
    KAFKA_LISTENERS: `PLAINTEXT://:${ports.kafka},CONTROLLER://:${ports.kafkaController}`,
    // The pod's own name, which only Kubernetes can put in.
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://$(POD_NAME).${parts.kafka}.${namespace}.svc:${ports.kafka}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
    // Below the mount: a disk has a lost+found, which Kafka would take for a partition.
    KAFKA_LOG_DIRS: `${DATA}/logs`,
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
    KAFKA_DEFAULT_REPLICATION_FACTOR: String(kafka.brokers),
    KAFKA_MIN_INSYNC_REPLICAS: String(minInSync),
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(kafka.brokers),
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(kafka.brokers),
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: String(minInSync),
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "3000",
    KAFKA_HEAP_OPTS: kafka.heap,
    // Without `-loggc`, which would write up to a gigabyte of logs beside the container's own.
    EXTRA_ARGS: "-name kafkaServer",
  });
  return [
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-index-label, since Kubernetes 1.28.
    {
      name: "KAFKA_NODE_ID",
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    },
    // Random for each installation: rows in BigQuery name their Kafka by it.
    { name: "CLUSTER_ID", valueFrom: { secretKeyRef: { name, key } } },
    ...literal,
  ];
}

/** Of the disk; the rest is for compacted topics, Kafka's own, and segments that wait for their end. */
const RECORDS_SHARE = 0.7;
const SEGMENT_MIB = KAFKA_SEGMENT_BYTES / 2 ** 20;

/** Most MiB of each partition, so that all topics that keep records for a time fit onto the disk of each broker. */
export function retentionMib({ kafka }: Pick<Profile, "kafka">): number {
  const partitions = Object.values(kafkaTopics)
    .filter(({ retentionMs }) => retentionMs !== undefined)
    .reduce((sum, topic) => sum + topic.partitions, 0);
  const mib = (kafka.storageGib * 1024 * RECORDS_SHARE) / partitions;
  return Math.max(2, Math.floor(mib / SEGMENT_MIB)) * SEGMENT_MIB;
}

/** A Job cannot be changed, so its name carries what it is made of: another image or topic is another Job. */
function topicsJob(scope: Construct, profile: Profile): void {
  const environment = { KAFKA_BROKERS: kafkaBrokers(profile), RETENTION_BYTES: `${retentionMib(profile)}MiB` };
  const program = "services/kafka-topics/main.ts";
  const template = commandPod({ profile, name: parts.topics, program, schema: topicsSchema, environment });
  const made = JSON.stringify([template, kafkaTopics]);
  const name = `${parts.topics}-${createHash("sha256").update(made).digest("hex").slice(0, 8)}`;
  new k8s.KubeJob(scope, "topics", {
    metadata: { name, labels: labelsOf(parts.topics) },
    spec: { backoffLimit: 20, template },
  });
}
