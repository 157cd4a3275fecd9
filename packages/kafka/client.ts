import type { Kafka as KafkaClient, KafkaConfig, LogEntry, RetryOptions } from "kafkajs";
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
  return clientWith(options, { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 });
}

/**
 * A client that never gives up reaching the cluster. kafkajs gives a producer's retries to its sends alone: connecting
 * and reading metadata have the client's, and when those end, so does the send, whatever the producer was told.
 */
export function patientKafkaClient(options: KafkaClientOptions): KafkaClient {
  return clientWith(options, PATIENCE);
}

/** 50 ms to 2 s apart, for ever. */
export const PATIENCE = { initialRetryTime: 50, maxRetryTime: 2000, retries: Number.MAX_SAFE_INTEGER };

function clientWith(options: KafkaClientOptions, retry: RetryOptions): KafkaClient {
  patchKafkajs();
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 3000,
    requestTimeout: options.requestTimeoutMs ?? 10_000,
    retry,
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
