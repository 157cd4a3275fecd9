import { ports, parts } from "../names.ts";
import type { Profile } from "../profile.ts";

/** Brokers by their pods' names: clients learn the others from any of them. */
export function kafkaBrokers({ kafka, namespace }: Profile): string {
  return Array.from({ length: kafka.brokers }, (_, ordinal) => `${kafkaHost(ordinal, namespace)}:${ports.kafka}`).join(
    ",",
  );
}

/** A broker's own name, by the headless Service: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id */
export function kafkaHost(ordinal: number | string, namespace: string): string {
  return `${parts.kafka}-${ordinal}.${parts.kafka}.${namespace}.svc`;
}

export function mqttUrl({ namespace }: Profile): string {
  return `mqtts://${parts.mosquitto}.${namespace}.svc:${ports.mqtts}`;
}

/** Where the CA of the cluster's own certificates is mounted. */
export const CA_DIRECTORY = "/etc/smart-home-ca";
export const CA_FILE = `${CA_DIRECTORY}/ca.crt`;
