import { ConfirmedProducer, type KafkaClientOptions } from "#kafka";
import { Subscriber, type SubscriberOptions } from "#mqtt";
import type { Clock, Logger } from "#runtime";
import { kafkaTopics, type RejectionReason } from "#events";
import { Outbox, type Parcel } from "./outbox.ts";
import { route } from "./route.ts";

const TOPICS = [kafkaTopics.readings, kafkaTopics.deadLetters];

/** What happens in the bridge, for metrics. */
export interface BridgeEvents {
  onRejected(reason: RejectionReason): void;
  /** Kafka has confirmed a send. */
  onSent(parcel: Parcel, durationMs: number): void;
}

export interface BridgeOptions {
  readonly mqtt: Pick<
    SubscriberOptions,
    "connection" | "filter" | "mode" | "maxOutstanding" | "maxOutstandingBytes" | "onState"
  >;
  readonly kafka: KafkaClientOptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: BridgeEvents;
  /** It cannot go on; the process should end. */
  readonly onFatal: (error: Error) => void;
}

/**
 * From Mosquitto to Kafka: at least once, and with one replica in order per sensor.
 *
 * Every message that the broker delivers with QoS 1 becomes exactly one record: a valid reading in `readings`, the
 * device's bytes unchanged; anything else in `dead-letters`. Its PUBACK is written after all in-sync replicas have the
 * record (acks=all), never before, and only over the connection that brought it. Therefore:
 *
 * - Death at any line, of the bridge, of Kafka or of a connection: what had no PUBACK is delivered again by the broker,
 *   whose session outlives the bridge. Nothing is lost. Duplicates are at most the messages outstanding at that moment
 *   (`MAX_OUTSTANDING`); they carry the same (tenant, sensor_id, boot_id, seq).
 * - Order: messages become records in the order of arrival, one send is in flight, and a rejected send is sent again
 *   before anything else. A redelivery starts with the oldest message that has no PUBACK. So the first appearance of each
 *   reading in a partition is in the sensor's order; repetitions may follow.
 * - Several replicas (`$share`): at least once holds for each; the broker deals a sensor's messages to all of them, so
 *   there is no order between them.
 *
 * The line: subscriber → route → outbox → send → confirm → PUBACK. A reading and a dead letter stand in the same line.
 * While a send is in flight the next one grows. The subscriber's bounds hold for the whole line: when Kafka is silent
 * they are reached, the reading of the socket stops, and the broker's queue grows instead.
 */
export class Bridge {
  readonly subscriber: Subscriber;
  readonly producer: ConfirmedProducer;
  readonly #options: BridgeOptions;
  readonly #outbox = new Outbox();
  /** Pending while there is nothing to send. */
  #work = Promise.withResolvers<undefined>();
  #isStopping = false;
  #sending: Promise<void> | undefined;

  constructor(options: BridgeOptions) {
    const { kafka, clock, log, mqtt, onFatal } = options;
    this.#options = options;
    this.producer = new ConfirmedProducer({ client: kafka, topics: TOPICS, clock });
    this.subscriber = new Subscriber({
      ...mqtt,
      clock,
      log,
      onFatal,
      onMessage: (topic, payload) => this.#onMessage(topic, payload),
    });
  }

  /** Opens the sink before the source. Rejects when the signal aborts first. */
  async start(signal: AbortSignal): Promise<void> {
    await this.producer.connect(signal);
    this.#sending = this.#sendAll();
    this.subscriber.start();
  }

  /**
   * Stops the intake, lets Kafka confirm what was taken, writes the PUBACKs, says goodbye to the broker. Takes as long as
   * Kafka does: whoever calls has a deadline.
   */
  async stop(options: { endSession?: boolean } = {}): Promise<void> {
    this.subscriber.stopIntake();
    this.#isStopping = true;
    this.#work.resolve(undefined);
    await this.#sending;
    await this.subscriber.close(options);
    await this.producer.close();
  }

  #onMessage(topic: string, payload: Buffer): void {
    const routed = route(topic, payload, this.#options.clock.nowMs());
    if (routed.rejection !== undefined) this.#options.events.onRejected(routed.rejection.reason);
    this.#outbox.push(routed);
    this.#work.resolve(undefined);
  }

  async #sendAll(): Promise<void> {
    try {
      for (;;) {
        await this.#work.promise;
        while (this.#outbox.length > 0) await this.#sendNext();
        if (this.#isStopping) return;
        this.#work = Promise.withResolvers();
      }
    } catch (error) {
      this.#options.onFatal(error as Error);
    }
  }

  async #sendNext(): Promise<void> {
    const { clock, events } = this.#options;
    const parcel = this.#outbox.take();
    const startMs = clock.monotonicMs();
    await this.producer.send(parcel.topics);
    this.subscriber.confirm(parcel.readings + parcel.deadLetters);
    events.onSent(parcel, clock.monotonicMs() - startMs);
  }
}
