import { randomUUID } from "node:crypto";
import { Device } from "#mqtt";
import type { Clock } from "#runtime";
import type { ReplayConfig } from "./config.ts";

/** Publishes over one connection, which is made when it is needed and again after it was lost. */
export class MqttSender {
  readonly #config: ReplayConfig;
  readonly #clock: Clock;
  #device: Device | undefined;

  constructor(config: ReplayConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** One call at a time. Rejects as `Device.publish` and `Device.connect` do; the next call may succeed. */
  async publish(topic: string, payload: Buffer): Promise<void> {
    if (this.#device?.isConnected !== true) this.#device = await this.#connect();
    await this.#device.publish(topic, payload);
  }

  async close(): Promise<void> {
    await this.#device?.disconnect();
  }

  async #connect(): Promise<Device> {
    const { MQTT_URL: url, MQTT_USERNAME: username, MQTT_PASSWORD: password } = this.#config;
    return Device.connect({
      connection: {
        url,
        username,
        password,
        // It keeps no session, so every run may have a name of its own.
        clientId: `dead-letter-replay-${randomUUID()}`,
        keepaliveSeconds: 30,
        sessionExpirySeconds: 0,
      },
      maxInFlight: 1,
      clock: this.#clock,
    });
  }
}
