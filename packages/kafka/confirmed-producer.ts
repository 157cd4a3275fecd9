import type { Message, Producer, TopicMessages } from "kafkajs";
import { retry, retryPolicy, type Clock } from "#runtime";
import { PATIENCE, patientKafkaClient, type Kafka, type KafkaClientOptions } from "./client.ts";
import { kafkaErrors, protocolErrorType } from "./errors.ts";
import { declaredPartitioner, type ProducedTopic } from "./partitioner.ts";

/** A record to be produced. */
export type ProducedRecord = Message;
/** The records of one send, by topic. */
export type ProducedBatch = TopicMessages;

export interface ConfirmedProducerOptions {
  /** It makes a client of its own, one that outlasts an outage. */
  readonly client: KafkaClientOptions;
  /** All topics that it sends to. */
  readonly topics: readonly ProducedTopic[];
  readonly clock: Clock;
}

interface OpenProducer {
  readonly connected: Promise<Producer>;
  isConnected: boolean;
}

/** Errors that no retry and no other producer will cure. */
const REFUSALS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/**
 * Sends batches one after the other and says when all replicas have them (acks=all).
 *
 * Guarantee: at least once, in the order of the calls. kafkajs numbers the records of an idempotent producer, so its own
 * retries neither lose, repeat nor reorder them as long as one send is in flight and retries outlast the outage. After
 * a send that was rejected its numbers are off, and the broker may take new records for old ones and drop them
 * (measured: 125 acknowledged records missing in one of three runs). So a producer whose send was rejected is thrown
 * away, and its successor first sends the batch that was not confirmed; that batch may then be there twice.
 */
export class ConfirmedProducer {
  readonly #options: ConfirmedProducerOptions;
  readonly #kafka: Kafka;
  readonly #policy = retryPolicy({ initialDelayMs: 100, maxDelayMs: 2000 });
  #current: OpenProducer | undefined;
  #isSending = false;
  #replacements = 0;

  constructor(options: ConfirmedProducerOptions) {
    this.#options = options;
    this.#kafka = patientKafkaClient(options.client);
  }

  /** How often a producer had to be replaced: each time a batch may have been stored twice. */
  get replacements(): number {
    return this.#replacements;
  }

  /**
   * Connects now, so that the first send does not have to; takes as long as the cluster is away.
   *
   * @throws the signal's reason once it aborts.
   */
  async connect(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await retry(this.#policy, () => abortable(this.#connected(), signal), { clock, signal });
  }

  /**
   * Resolves when every record is confirmed, however long that takes. Only one call at a time.
   *
   * @throws KAFKA_RECORDS_REFUSED if the broker will never take them, one has neither key nor partition, or a topic is
   * not one of the producer's; none or some of them may be stored.
   * @throws the signal's reason once it aborts; the records may or may not be stored then.
   */
  async send(batch: readonly ProducedBatch[], signal?: AbortSignal): Promise<void> {
    if (this.#isSending) throw new Error("one send at a time: the order could not be kept otherwise");
    this.#isSending = true;
    try {
      await retry(this.#policy, () => this.#attempt(batch, signal), {
        clock: this.#options.clock,
        signal,
        onRetry: ({ error, delayMs }) =>
          this.#options.client.log.warn(
            { err: error, delayMs },
            "send was rejected: replaced the producer, sending again",
          ),
      });
    } finally {
      this.#isSending = false;
    }
  }

  /** Closes the connections; what is in flight has an unknown outcome. */
  async close(): Promise<void> {
    await this.#discard();
  }

  async #attempt(batch: readonly ProducedBatch[], signal: AbortSignal | undefined): Promise<void> {
    try {
      const producer = await abortable(this.#connected(), signal);
      await abortable(producer.sendBatch({ acks: -1, topicMessages: [...batch] }), signal);
    } catch (error) {
      this.#replacements += 1;
      void this.#discard();
      const type = refusalType(error);
      if (type === undefined) throw error;
      throw kafkaErrors.create("KAFKA_RECORDS_REFUSED", "the records are refused", { cause: error, details: { type } });
    }
  }

  #connected(): Promise<Producer> {
    this.#current ??= this.#open();
    return this.#current.connected;
  }

  #open(): OpenProducer {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      // Retries that end would reject the send in a long outage, and so repeat a batch.
      retry: PATIENCE,
      createPartitioner: declaredPartitioner(this.#options.topics),
    });
    const opened: OpenProducer = { isConnected: false, connected: producer.connect().then(() => producer) };
    opened.connected.then(
      () => (opened.isConnected = true),
      () => {
        if (this.#current === opened) this.#current = undefined;
      },
    );
    return opened;
  }

  /** One that is still connecting may take for ever, so it is closed when it is there and nobody waits for it. */
  async #discard(): Promise<void> {
    const discarded = this.#current;
    this.#current = undefined;
    const closed = discarded?.connected
      .then((producer) => producer.disconnect())
      .catch((error: unknown) =>
        this.#options.client.log.debug({ err: error }, "discarded producer did not disconnect"),
      );
    if (discarded?.isConnected) await closed;
  }
}

/** Why no retry helps: the broker's word, or what the partitioner says of a record that kafkajs then wraps. */
function refusalType(error: unknown): string | undefined {
  const type = protocolErrorType(error);
  if (type !== undefined) return REFUSALS.has(type) ? type : undefined;
  const origin = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return origin instanceof TypeError ? origin.message : undefined;
}

/** Rejects with the signal's reason as soon as it aborts; what was started goes on unobserved. */
async function abortable<T>(running: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return running;
  // An abort that came before the listener would go unheard.
  if (signal.aborted) running.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
