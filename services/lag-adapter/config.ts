import { z } from "zod";
import { kubernetesVariables } from "#kubernetes";
import { kafkaGroups, kafkaTopics } from "#events";
import {
  addresses,
  duration,
  list,
  loadConfig,
  port,
  runtimeVariables,
  text,
  type Environment,
  type LoadedConfig,
} from "#runtime";
import type { LagTarget } from "./lag-watch.ts";

const NAME = "[A-Za-z0-9._-]{1,249}";

/** Names of the numbers, as Prometheus and the HPA know them. */
export const lagMetricNames = {
  records: "kafka_consumer_lag",
  seconds: "kafka_consumer_lag_seconds",
  appendRate: "kafka_topic_append_rate",
} as const;

/** Every variable of the lag adapter; the table in README.md is made from it. Durations are milliseconds. */
export const lagSchema = z
  .object({
    KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
    LAG_TARGETS: list("group:topic", new RegExp(`^${NAME}:${NAME}$`))
      .default([`${kafkaGroups.writer}:${kafkaTopics.readings.name}`])
      .describe("Whose lag in which topic, `group:topic` separated by commas."),
    POLL_INTERVAL: duration({ min: 100, max: 60_000 }).default(5000).describe("How often Kafka is asked."),
    HOLD: duration({ min: 0, max: 600_000 })
      .default(60_000)
      .describe("How long the last good value is served when Kafka does not answer; then there is none."),
    TLS_CERT_FILE: text()
      .optional()
      .describe(
        "Certificate of the external metrics API, PEM; followed as it changes. Not set: only the gauges are served.",
      ),
    TLS_KEY_FILE: text().optional().describe("Its key, PEM."),
    API_HOST: text().default("127.0.0.1").describe("Address of the external metrics API; `0.0.0.0` in a pod."),
    API_PORT: port()
      .default(10_250)
      .describe("Its port; the one that control planes may reach in private clusters, too."),
    ...kubernetesVariables,
    ...runtimeVariables,
  })
  .refine(({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }) => (cert === undefined) === (key === undefined), {
    message: "TLS_CERT_FILE and TLS_KEY_FILE must be set both, or neither",
  })
  .refine(
    ({ TLS_CERT_FILE: cert, KUBECONFIG: file, KUBERNETES_SERVICE_HOST: host }) =>
      cert === undefined || file !== undefined || host !== undefined,
    { message: "KUBECONFIG must be set outside of a cluster, where TLS_CERT_FILE is" },
  );

export type LagConfig = z.output<typeof lagSchema>;

/** @throws ConfigError with every problem. */
export function readConfig(environment: Environment = process.env): LoadedConfig<LagConfig> {
  return loadConfig(lagSchema, environment, { prefixes: ["KAFKA_", "LAG_", "POLL_", "HOLD", "TLS_", "API_"] });
}

export function targetsOf({ LAG_TARGETS }: Pick<LagConfig, "LAG_TARGETS">): LagTarget[] {
  return LAG_TARGETS.map((text) => {
    const [group = "", topic = ""] = text.split(":");
    return { group, topic };
  });
}
