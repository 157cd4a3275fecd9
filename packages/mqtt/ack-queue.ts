/** What {@link AckQueue.release} takes off the queue. */
export interface Released {
  /** The PUBACKs of those messages that came over the connection which is alive now, in the order of arrival. */
  readonly pubacks: Buffer;
  /** Messages that get no PUBACK because their connection is gone; the broker delivers them again. */
  readonly staleCount: number;
}

/** PUBACK with reason code 0, which may be left out: MQTT 5.0, section 3.4.2.1. The same bytes are valid for 3.1.1. */
const PUBACK_TYPE = 0x40;
const PUBACK_REMAINING_BYTES = 2;
const PUBACK_BYTES = 4;

/** Stands for a message that gets no PUBACK (QoS 0); MQTT does not allow it as a packet id. */
export const NO_PACKET_ID = 0;

/**
 * The messages that were handed on and not yet acknowledged, first in first out: PUBACKs must go out in the order in
 * which the PUBLISH packets came (MQTT 5.0, section 4.6), and a packet id means something only on the connection that
 * brought it. A ring of fixed size, without an object per message.
 */
export class AckQueue<Connection> {
  readonly #packetIds: Uint16Array;
  readonly #sizes: Uint32Array;
  readonly #connections: (Connection | undefined)[];
  #head = 0;
  #length = 0;
  #bytes = 0;

  constructor(limit: number) {
    this.#packetIds = new Uint16Array(limit);
    this.#sizes = new Uint32Array(limit);
    this.#connections = new Array<Connection | undefined>(limit).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  /** Sum of the sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#length === this.#packetIds.length;
  }

  /** @throws RangeError when it is full: whoever pushes must have looked. */
  push(packetId: number, sizeBytes: number, connection: Connection): void {
    if (this.isFull) throw new RangeError(`more than ${this.#packetIds.length} messages are outstanding`);
    const at = this.#index(this.#length);
    this.#packetIds[at] = packetId;
    this.#sizes[at] = sizeBytes;
    this.#connections[at] = connection;
    this.#length += 1;
    this.#bytes += sizeBytes;
  }

  /**
   * Takes the oldest `count` off; `alive` is the connection that can still be written to, if there is one.
   *
   * @throws RangeError if there are not as many.
   */
  release(count: number, alive: Connection | undefined): Released {
    if (count > this.#length) throw new RangeError(`${count} messages confirmed, ${this.#length} are outstanding`);
    const pubacks = Buffer.allocUnsafe(count * PUBACK_BYTES);
    let end = 0;
    let staleCount = 0;
    for (let taken = 0; taken < count; taken += 1) {
      const at = this.#index(taken);
      const packetId = this.#packetIds[at] ?? NO_PACKET_ID;
      const isAlive = alive !== undefined && this.#connections[at] === alive;
      if (packetId !== NO_PACKET_ID && isAlive) end = writePuback(pubacks, end, packetId);
      else if (packetId !== NO_PACKET_ID) staleCount += 1;
      this.#bytes -= this.#sizes[at] ?? 0;
      // A connection that is gone must not be kept by the ring.
      this.#connections[at] = undefined;
    }
    this.#head = this.#index(count);
    this.#length -= count;
    return { pubacks: pubacks.subarray(0, end), staleCount };
  }

  #index(distance: number): number {
    return (this.#head + distance) % this.#packetIds.length;
  }
}

function writePuback(into: Buffer, at: number, packetId: number): number {
  into[at] = PUBACK_TYPE;
  into[at + 1] = PUBACK_REMAINING_BYTES;
  return into.writeUInt16BE(packetId, at + 2);
}
