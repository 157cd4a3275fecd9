import type { Clock } from "#runtime";
import { MqttConnection, type ConnectionEnd, type ConnectionSettings } from "./connection.ts";
import { mqttErrors } from "./errors.ts";

export interface DeviceOptions {
  readonly connection: Omit<ConnectionSettings, "receiveMaximum" | "alwaysPings">;
  /** Most publishes that wait for their PUBACK; the broker's Receive Maximum may lower it. */
  readonly maxInFlight: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901124 */
const NO_MATCHING_SUBSCRIBERS = 0x10;
const FIRST_ERROR_CODE = 0x80;
const QUOTA_EXCEEDED = 0x97;

/**
 * One virtual device: a connection of its own with client id, session and will. Publishes with QoS 1; a publish counts
 * as delivered only with a PUBACK that says so. It neither connects again nor sends again by itself: both belong to
 * whoever knows the device's readings, paces connects, and breaks things on purpose.
 */
export class Device {
  readonly #connection: MqttConnection;
  readonly #maxInFlight: number;
  #inFlight = 0;

  private constructor(connection: MqttConnection, maxInFlight: number) {
    this.#connection = connection;
    this.#maxInFlight = Math.min(maxInFlight, connection.brokerReceiveMaximum);
  }

  /** @throws MQTT_CONNECTION_FAILED; the signal's reason once it aborts. */
  static async connect({ connection, maxInFlight, clock, signal }: DeviceOptions): Promise<Device> {
    const settings = { ...connection, alwaysPings: true };
    const opened = await MqttConnection.open(settings, clock, signal === undefined ? {} : { signal });
    return new Device(opened, maxInFlight);
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get closed(): Promise<ConnectionEnd> {
    return this.#connection.closed;
  }

  get isConnected(): boolean {
    return this.#connection.isAlive;
  }

  /** Publishes that wait for their PUBACK. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether another {@link publish} is allowed now. */
  get hasRoom(): boolean {
    return this.#inFlight < this.#maxInFlight;
  }

  /**
   * Resolves when the broker has taken the message for at least one subscriber.
   *
   * @throws MQTT_NO_SUBSCRIBERS, MQTT_NOT_ACKNOWLEDGED, MQTT_QUOTA_EXCEEDED: not delivered, or perhaps not; send it
   * again.
   * @throws MQTT_PUBLISH_REFUSED: the broker will never take it.
   * @throws MQTT_IN_FLIGHT_FULL if there is no room: the caller paces itself by {@link hasRoom}.
   */
  async publish(topic: string, payload: Buffer): Promise<void> {
    if (!this.hasRoom)
      throw mqttErrors.create("MQTT_IN_FLIGHT_FULL", "too many publishes wait for their PUBACK", {
        details: { maxInFlight: this.#maxInFlight },
      });
    this.#inFlight += 1;
    try {
      judge(await this.#send(topic, payload));
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Says goodbye: no will is published. */
  async disconnect(): Promise<void> {
    if (this.#connection.isAlive) await this.#connection.end();
    else this.#connection.destroy();
  }

  /** Drops the connection like a device that lost its power: the broker publishes the will. */
  break(): void {
    this.#connection.destroy();
  }

  async #send(topic: string, payload: Buffer): Promise<number> {
    if (!this.isConnected) throw notAcknowledged(undefined);
    try {
      return await this.#connection.publish(topic, payload);
    } catch (error) {
      throw notAcknowledged(error);
    }
  }
}

function notAcknowledged(cause: unknown): Error {
  return mqttErrors.create("MQTT_NOT_ACKNOWLEDGED", "the connection ended before the PUBACK", { cause });
}

/** Throws unless the PUBACK means that the message was delivered. */
function judge(reasonCode: number): void {
  if (reasonCode === NO_MATCHING_SUBSCRIBERS)
    throw mqttErrors.create("MQTT_NO_SUBSCRIBERS", "nobody is subscribed to the topic");
  if (reasonCode === QUOTA_EXCEEDED)
    throw mqttErrors.create("MQTT_QUOTA_EXCEEDED", "the broker has no room for the message", {
      details: { reasonCode },
    });
  if (reasonCode >= FIRST_ERROR_CODE)
    throw mqttErrors.create("MQTT_PUBLISH_REFUSED", "the broker refuses the message", { details: { reasonCode } });
}
