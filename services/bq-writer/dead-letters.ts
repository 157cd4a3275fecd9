import { deadLetter, encodeDeadLetter, kafkaTopics, type DeadLetterSource, type Rejection } from "#events";
import type { ConfirmedProducer, ConsumedRecord } from "#kafka";
import type { Clock } from "#runtime";

/** A record that cannot become a row. */
export interface RejectedRecord extends Pick<Rejection, "reason" | "detail"> {
  readonly record: ConsumedRecord;
  readonly partition: number;
}

interface DeadLetterMessage {
  readonly key: string;
  readonly value: Buffer;
}

export interface DeadLettersOptions {
  readonly producer: Pick<ConfirmedProducer, "send">;
  readonly kafkaSource: string;
  readonly clock: Clock;
  readonly onSent: (rejected: readonly RejectedRecord[]) => void;
}

/** Bytes of one send, unless a single letter is larger; Kafka takes 1 MiB by default. */
const MAX_SEND_BYTES = 512 * 1024;

/**
 * Puts rejected records into `dead-letters`. Guarantee: at least once under an id that names the record for ever, so a
 * repetition can be told. Partitions share one producer and wait for each other.
 */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Resolves when Kafka has confirmed all of them. Rejects when the signal aborts; some may be there then. */
  send(rejected: readonly RejectedRecord[], signal: AbortSignal): Promise<void> {
    const sending = this.#last.then(() => this.#send(rejected, signal));
    this.#last = sending.catch(() => undefined);
    return sending;
  }

  async #send(rejected: readonly RejectedRecord[], signal: AbortSignal): Promise<void> {
    let messages: DeadLetterMessage[] = [];
    let bytes = 0;
    for (const each of rejected) {
      const message = this.#message(each);
      if (messages.length > 0 && bytes + message.value.length > MAX_SEND_BYTES) {
        await this.#confirm(messages, signal);
        [messages, bytes] = [[], 0];
      }
      messages.push(message);
      bytes += message.value.length;
    }
    await this.#confirm(messages, signal);
    this.#options.onSent(rejected);
  }

  async #confirm(messages: readonly DeadLetterMessage[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#options.producer.send([{ topic: kafkaTopics.deadLetters.name, messages: [...messages] }], signal);
  }

  #message(rejected: RejectedRecord): DeadLetterMessage {
    const { kafkaSource, clock } = this.#options;
    const source: DeadLetterSource = {
      part: "bq-writer",
      kafka_source: kafkaSource,
      kafka_partition: rejected.partition,
      kafka_offset: rejected.record.offset,
      kafka_key: rejected.record.key?.toString() ?? null,
    };
    const payload = rejected.record.value ?? Buffer.alloc(0);
    const letter = deadLetter(rejected, source, payload, clock.nowMs(), noHash);
    return { key: letter.id, value: Buffer.from(encodeDeadLetter(letter)) };
  }
}

function noHash(): never {
  throw new Error("a record of Kafka is named by its coordinates");
}
