import type { Kafka as KafkaClient, KafkaConfig, LogEntry, RetryOptions } from "kafkajs";
import type { Logger } from "#runtime";
import { patchKafkajs } from "./kafkajs-patches.ts";
import { Kafka, logLevel } from "./kafkajs.ts";
import { outageOf, type Outage } from "./outage.ts";

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
  const outage = outageOf(options.log);
  const kafka = new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 3000,
    requestTimeout: options.requestTimeoutMs ?? 10_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeLog(options.log, outage, entry),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  });
  tellAnswers(kafka, outage);
  return kafka;
}

/** Every part that the client makes tells of each answer. */
function tellAnswers(kafka: KafkaClient, outage: Outage): void {
  const [producer, consumer, admin] = [
    kafka.producer.bind(kafka),
    kafka.consumer.bind(kafka),
    kafka.admin.bind(kafka),
  ] as const;
  const answered = (): void => outage.answered();
  kafka.producer = (config) => {
    const made = producer(config);
    made.on(made.events.REQUEST, answered);
    return made;
  };
  kafka.consumer = (config) => {
    const made = consumer(config);
    made.on(made.events.REQUEST, answered);
    return made;
  };
  kafka.admin = (config) => {
    const made = admin(config);
    made.on(made.events.REQUEST, answered);
    return made;
  };
}

/** How kafkajs says that a broker cannot be reached or does not answer, alone or as the cause of something else. */
const NO_ANSWER =
  /Connection (error|timeout)|Failed to connect|No broker available|Request .* timed out|Closed connection/;

/** What kafkajs calls an error is one attempt that failed, so each of its levels is one lower here. */
function writeLog(log: Logger, outage: Outage, { level, namespace, log: { message, ...facts } }: LogEntry): void {
  const kafka = { namespace, detail: message, ...facts };
  if (level !== logLevel.ERROR) {
    log.debug({ kafka }, "kafka client");
    return;
  }
  if (NO_ANSWER.test(message)) outage.failed(message);
  outage.warn(log, { kafka }, "kafka client error");
}
