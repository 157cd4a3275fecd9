/** Devices that publish without a break, and the comparison of what the broker took with what is in Kafka. */
import { randomUUID } from "node:crypto";
import { Device } from "#mqtt";
import { systemClock } from "#runtime";
import { keyOf, reading, topicOf, type StoredRecord } from "./world.ts";

const IN_FLIGHT = 5;

/** Sends readings of one sensor in order, again from the first that was not acknowledged. */
class Sensor {
  readonly id: string;
  readonly bootId = randomUUID();
  /** Payloads by seq: all that were ever sent, the first `acknowledged` of them acknowledged. */
  readonly sent: string[] = [];
  acknowledged = 0;
  /** After a failure one goes alone: of several, the first may find no subscriber and the last one, out of order. */
  #hasFailed = false;
  readonly #url: string;
  readonly #pauseMs: number;
  #device: Device | undefined;

  constructor(id: string, url: string, pauseMs: number) {
    this.id = id;
    this.#url = url;
    this.#pauseMs = pauseMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#publishSome().catch(() => undefined);
      await systemClock.sleep(this.#pauseMs);
    }
    while (this.acknowledged < this.sent.length) {
      await this.#publishSome(0).catch(() => undefined);
      await systemClock.sleep(this.#pauseMs);
    }
    await this.#device?.disconnect();
  }

  /** Publishes what is not acknowledged and, up to the bound, something new. */
  async #publishSome(bound = IN_FLIGHT): Promise<void> {
    const device = await this.#connected();
    for (let seq = this.sent.length; seq < this.acknowledged + bound; seq += 1)
      this.sent.push(reading(this.id, this.bootId, seq, systemClock.nowMs()).toString());
    const waiting = this.sent.slice(this.acknowledged, this.#hasFailed ? this.acknowledged + 1 : undefined);
    const outcomes = await Promise.allSettled(
      waiting.map((payload) => device.publish(topicOf(this.id), Buffer.from(payload))),
    );
    const failedAt = outcomes.findIndex(({ status }) => status === "rejected");
    this.#hasFailed = failedAt >= 0;
    this.acknowledged += failedAt < 0 ? outcomes.length : failedAt;
  }

  async #connected(): Promise<Device> {
    if (this.#device?.isConnected !== true)
      this.#device = await Device.connect({
        connection: { url: this.#url, clientId: this.id, keepaliveSeconds: 60, sessionExpirySeconds: 60 },
        maxInFlight: 20,
        clock: systemClock,
      });
    return this.#device;
  }
}

export interface Audit {
  readonly acknowledged: number;
  readonly missing: string[];
  readonly duplicates: number;
  /** First appearances out of order, wrong keys, wrong bytes, records nobody sent. */
  readonly wrong: string[];
}

export class Load {
  readonly #sensors: Sensor[];
  readonly #ended = new AbortController();
  readonly #running: Promise<unknown>;

  /** Each of the sensors sends 5 readings every `pauseMs`. */
  constructor(url: string, { sensors = 20, pauseMs = 30 } = {}) {
    this.#sensors = Array.from({ length: sensors }, () => new Sensor(`s-${randomUUID()}`, url, pauseMs));
    this.#running = Promise.all(this.#sensors.map((sensor) => sensor.run(this.#ended.signal)));
  }

  get acknowledged(): number {
    return this.#sensors.reduce((sum, sensor) => sum + sensor.acknowledged, 0);
  }

  /** Ends when everything that was sent is acknowledged by Mosquitto. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  audit(records: readonly StoredRecord[]): Audit {
    const bySensor = Map.groupBy(records, ({ key }) => key);
    const audits = this.#sensors.map((sensor) => auditSensor(sensor, bySensor.get(keyOf(sensor.id)) ?? []));
    return {
      acknowledged: this.acknowledged,
      missing: audits.flatMap(({ missing }) => missing),
      duplicates: audits.reduce((sum, { duplicates }) => sum + duplicates, 0),
      wrong: audits.flatMap(({ wrong }) => wrong),
    };
  }
}

function auditSensor(sensor: Sensor, records: readonly StoredRecord[]): Audit {
  const wrong: string[] = [];
  const seen = new Set<number>();
  let duplicates = 0;
  for (const { value, partition } of records) {
    const { seq } = JSON.parse(value) as { seq: number };
    if (partition !== records[0]!.partition) wrong.push(`${sensor.id}: partitions ${partition}`);
    if (value !== sensor.sent[seq]) wrong.push(`${sensor.id}/${seq}: other bytes`);
    if (seen.has(seq)) duplicates += 1;
    else if (seq !== seen.size) wrong.push(`${sensor.id}/${seq}: out of order`);
    seen.add(seq);
  }
  const missing = Array.from({ length: sensor.acknowledged }, (_, seq) => seq).filter((seq) => !seen.has(seq));
  return { acknowledged: sensor.acknowledged, missing: missing.map((seq) => `${sensor.id}/${seq}`), duplicates, wrong };
}
