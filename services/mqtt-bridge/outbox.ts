import type { ProducedBatch, ProducedRecord } from "#kafka";
import { DEAD_LETTERS, READINGS, type Routed } from "./route.ts";

/** The oldest records, as one send. */
export interface Parcel {
  readonly topics: readonly ProducedBatch[];
  readonly readings: number;
  readonly deadLetters: number;
}

/**
 * Kafka takes at most 1 MiB per partition and send (`max.message.bytes`, https://kafka.apache.org/documentation/). All
 * records of a send may belong to one partition, so a whole send stays below that.
 */
export const MAX_PARCEL_BYTES = 768 * 1024;

/** What Kafka adds to a record at most: lengths, deltas and the share of the batch's header. */
const RECORD_OVERHEAD_BYTES = 64;

/**
 * Records that wait for the send before them, in the order in which their messages came. Readings and dead letters stand
 * in one line and leave in one send, so that a confirmed send confirms the oldest messages without a gap. Bounded by
 * what the subscriber may have outstanding.
 */
export class Outbox {
  #waiting: Routed[] = [];
  #next = 0;

  get length(): number {
    return this.#waiting.length - this.#next;
  }

  push(routed: Routed): void {
    this.#waiting.push(routed);
  }

  /** Takes as many of the oldest records as fit into one send, at least one if there is any. */
  take(): Parcel {
    const readings: ProducedRecord[] = [];
    const deadLetters: ProducedRecord[] = [];
    let bytes = 0;
    for (; this.#next < this.#waiting.length; this.#next += 1) {
      const routed = this.#waiting[this.#next];
      if (routed === undefined) break;
      bytes += sizeOf(routed.record);
      if (bytes > MAX_PARCEL_BYTES && readings.length + deadLetters.length > 0) break;
      (routed.rejection === undefined ? readings : deadLetters).push(routed.record);
    }
    this.#forget();
    return { topics: topicsOf(readings, deadLetters), readings: readings.length, deadLetters: deadLetters.length };
  }

  /** Drops what was taken, at once if that is all, else when it is the greater part. */
  #forget(): void {
    if (this.#next * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }
}

function sizeOf({ key, value }: ProducedRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
}

function topicsOf(readings: ProducedRecord[], deadLetters: ProducedRecord[]): ProducedBatch[] {
  return [
    { topic: READINGS, messages: readings },
    { topic: DEAD_LETTERS, messages: deadLetters },
  ].filter(({ messages }) => messages.length > 0);
}
