import type { Kafka as KafkaClient, KafkaConfig, LogEntry } from "kafkajs";
import type { Logger } from "#runtime";
import { patchKafkajs } from "./kafkajs-patches.ts";
import { Kafka, logLevel } from "./kafkajs.ts";

export type { Kafka } from "kafkajs";

export interface KafkaClientOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Shows in the broker's logs. */
  readonly clientId: string;
  readonly log: Logger;
  /** How long an answer may take before its connection counts as broken; default 10 s. */
  readonly requestTimeoutMs?: number;
  readonly ssl?: KafkaConfig["ssl"];
  readonly sasl?: KafkaConfig["sasl"];
}

/**
 * The one way to make a client: kafkajs with its corrections, logging through ours. The few quick retries here bridge a
 * moment; whoever must outlast an outage has a loop of its own that can be stopped.
 */
export function kafkaClient(options: KafkaClientOptions): KafkaClient {
  patchKafkajs();
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 3000,
    requestTimeout: options.requestTimeoutMs ?? 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeLog(options.log, entry),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  });
}

/** What kafkajs calls an error is one attempt that failed, so each of its levels is one lower here. */
function writeLog(log: Logger, { level, namespace, log: { message, ...facts } }: LogEntry): void {
  const kafka = { namespace, detail: message, ...facts };
  if (level === logLevel.ERROR) log.warn({ kafka }, "kafka client error");
  else log.debug({ kafka }, "kafka client");
}
