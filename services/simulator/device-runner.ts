import { deviceClientId, telemetryTopic } from "#events";
import { Device, isLoginRefused, type ConnectionSettings } from "#mqtt";
import { retryDelayMs, retryPolicy, toError, type Clock } from "#runtime";
import type { ConnectPacer } from "./connect-pacer.ts";
import type { Mishaps } from "./faults.ts";
import type { Ledger, Pending } from "./ledger.ts";
import { outcomeOf, type PublishOutcome } from "./publish-outcome.ts";
import type { ReadingDevice } from "./reading-source.ts";
import { SendQueue, type Outgoing } from "./send-queue.ts";
import { willOf } from "./will.ts";

/** What all devices of a process share. */
export interface DeviceSurroundings {
  readonly tenant: string;
  readonly broker: Pick<
    ConnectionSettings,
    "url" | "username" | "password" | "keepaliveSeconds" | "sessionExpirySeconds"
  >;
  readonly maxInFlight: number;
  readonly pacer: ConnectPacer;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly events: DeviceEvents;
  /** Aborts when connections are to end for good. */
  readonly closing: AbortSignal;
}

/** What happens to a device. */
export interface DeviceEvents {
  onMade(mishaps: Mishaps): void;
  onPublished(outcome: PublishOutcome, durationMs: number): void;
  onConnected(): void;
  /** `isLost`: nobody here wanted that. `reasonCode`: of the broker's DISCONNECT, if it sent one. */
  onDisconnected(end: { readonly isLost: boolean; readonly reasonCode: number | undefined }): void;
  onConnectFailed(error: Error): void;
  /** The broker will never take what this device sends. */
  onRefused(error: Error): void;
}

const RECONNECT = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });
const SEND_AGAIN = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/**
 * One device: makes readings into the ledger, keeps a connection as long as it is wanted, and publishes until each
 * reading is acknowledged as delivered.
 *
 * Order: readings are published by `seq` (but for faults that say otherwise), up to `maxInFlight` at a time. After a
 * publish that was not delivered, and on every new connection, ONE goes alone until it is delivered: of several in
 * flight the first may find no subscriber and the second one. So first appearances are in order as long as a subscriber
 * that is there does not vanish and return within one connection of the device.
 */
export class DeviceRunner {
  /** The next time at which {@link wake} has something to do. */
  wakeAtMs = Infinity;
  /** When it makes its next reading. */
  nextDueMs = Infinity;
  readonly #around: DeviceSurroundings;
  #source: ReadingDevice;
  readonly #topic: string;
  readonly #bootId: string;
  readonly #queue = new SendQueue();
  /** Set while it may publish. */
  #device: Device | undefined;
  #isOn = false;
  #isRefused = false;
  #offlineUntilMs = 0;
  #sendAgainAtMs = 0;
  #failedSends = 0;
  #goesAlone = true;
  /** Set while it waits until a connection is wanted. */
  #idle: PromiseWithResolvers<undefined> | undefined;

  /** `bootId`: random. */
  constructor(source: ReadingDevice, bootId: string, around: DeviceSurroundings) {
    const { tenant, ledger } = around;
    this.#source = source;
    this.#bootId = bootId;
    this.#around = around;
    this.#topic = telemetryTopic({ tenant, location: source.location, sensorId: source.sensorId });
    ledger.add(source.sensorId, bootId);
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Without a connection, because the broker refused its login at the last attempt. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Switches the device on, or off: then it still delivers what it made, and disconnects cleanly. */
  switch(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    if (!isOn) this.#queue.releaseAll();
    this.#proceed();
  }

  /** From now on it measures and fails like `source`, the same device of a fleet that was changed. */
  follow(source: ReadingDevice): void {
    if (source.sensorId !== this.#source.sensorId || source.location !== this.#source.location)
      throw new RangeError(`not the same device: ${source.sensorId}`);
    this.#source = source;
    this.endEpisode();
  }

  /** {@link makeDue} goes on with the first reading after that moment. */
  goOnAfter(timeMs: number): void {
    this.nextDueMs = this.#source.nextDueMs(timeMs);
  }

  /** Ends an episode off the network early. */
  endEpisode(): void {
    this.#offlineUntilMs = 0;
    this.#proceed();
  }

  /** Makes the readings that are due. */
  makeDue(nowMs: number): void {
    while (this.nextDueMs <= nowMs) {
      this.make(this.nextDueMs);
      this.nextDueMs = this.#source.nextDueMs(this.nextDueMs);
    }
  }

  /**
   * Makes the reading of a moment. False if it is not sent at once, because it is late or out of order on purpose, or
   * was not made because the ledger is full; then `onDelivered` is never called.
   */
  make(timeMs: number, onDelivered?: () => void): boolean {
    const { clock, events } = this.#around;
    const mishaps = this.#source.mishapsAt(timeMs);
    const pending = this.#enter(timeMs, mishaps);
    if (pending === undefined) return false;
    events.onMade(mishaps);
    const nowMs = clock.nowMs();
    const sendTime = { notBeforeMs: timeMs + mishaps.delayMs, afterNext: mishaps.afterNext };
    const isAtOnce = sendTime.notBeforeMs <= nowMs && !sendTime.afterNext;
    this.#queue.add(
      {
        pending,
        rank: pending.seq,
        copies: mishaps.extraCopies,
        isCopy: false,
        onDelivered: isAtOnce ? onDelivered : undefined,
      },
      sendTime,
      nowMs,
    );
    if (mishaps.offlineUntilMs !== undefined) this.#goOffline(mishaps.offlineUntilMs);
    this.#proceed();
    return isAtOnce;
  }

  #enter(timeMs: number, mishaps: Mishaps): Pending | undefined {
    const fate = mishaps.corruption === undefined ? "stored" : "rejected";
    return this.#around.ledger.make(this.#source.sensorId, fate, (seq) =>
      this.#source.payload({ bootId: this.#bootId, seq, timeMs }, mishaps),
    );
  }

  /** Something of {@link wakeAtMs} is due. */
  wake(nowMs: number): void {
    this.#queue.release(nowMs);
    this.#proceed();
  }

  /** Connects whenever the device is wanted, until `closing` aborts and the connection has ended. */
  async run(): Promise<void> {
    const { closing, clock } = this.#around;
    for (let failures = 0; !closing.aborted;) {
      if (!this.#isWanted()) {
        this.#isRefused = false;
        this.#idle = Promise.withResolvers();
        await this.#idle.promise;
        continue;
      }
      const isLasting = await this.#connection();
      // Never 0: a connection that the broker closes again and again must not come back at full speed.
      failures = isLasting ? 1 : failures + 1;
      if (this.#isWanted())
        await clock.sleep(retryDelayMs(RECONNECT, failures, Math.random), closing).catch(() => undefined);
    }
  }

  /** Says goodbye and ends {@link run}; call it once `closing` has aborted. */
  close(): void {
    this.#leave();
    this.#idle?.resolve(undefined);
  }

  #isWanted(): boolean {
    const isOffline = this.#around.clock.nowMs() < this.#offlineUntilMs;
    return !isOffline && (this.#isOn || !this.#queue.isEmpty);
  }

  /** One connection from its turn to its end; whether it was there at all. */
  async #connection(): Promise<boolean> {
    const { pacer, broker, maxInFlight, clock, closing, events } = this.#around;
    try {
      const connection = { ...broker, ...this.#identity() };
      const device = await pacer.connect(closing, async () =>
        this.#isWanted() ? Device.connect({ connection, maxInFlight, clock, signal: closing }) : undefined,
      );
      if (device === undefined) return true;
      this.#isRefused = false;
      events.onConnected();
      this.#begin(device);
      const { reasonCode } = await device.closed;
      const isLost = this.#device === device;
      this.#device = undefined;
      events.onDisconnected({ isLost, reasonCode });
      return true;
    } catch (error) {
      this.#isRefused = isLoginRefused(error);
      if (!closing.aborted) events.onConnectFailed(toError(error));
      return false;
    }
  }

  #identity(): Pick<ConnectionSettings, "clientId" | "will"> {
    const { tenant } = this.#around;
    const { sensorId } = this.#source;
    return { clientId: deviceClientId({ tenant, sensorId }), will: willOf(this.#topic) };
  }

  #begin(device: Device): void {
    this.#device = device;
    this.#goesAlone = true;
    // It may have gone off the network meanwhile.
    if (this.#around.clock.nowMs() < this.#offlineUntilMs) this.#vanish();
    this.#proceed();
  }

  #goOffline(untilMs: number): void {
    this.#offlineUntilMs = Math.max(untilMs, this.#offlineUntilMs);
    if (this.#around.clock.nowMs() < this.#offlineUntilMs) this.#vanish();
  }

  /** Off the network without a word: the broker publishes the will. */
  #vanish(): void {
    this.#device?.break();
    this.#device = undefined;
  }

  /** With a goodbye: no will. */
  #leave(): void {
    void this.#device?.disconnect();
    this.#device = undefined;
  }

  /** Does whatever can be done now: connect, publish, disconnect; and says when to look again. */
  #proceed(): void {
    const nowMs = this.#around.clock.nowMs();
    if (this.#idle !== undefined && this.#isWanted()) {
      this.#idle.resolve(undefined);
      this.#idle = undefined;
    }
    if (nowMs >= this.#sendAgainAtMs) this.#publishReady();
    if (!this.#isOn && this.#queue.isEmpty && this.#device?.inFlight === 0) this.#leave();
    this.wakeAtMs = Math.min(
      this.#queue.nextReleaseMs,
      this.#offlineUntilMs > nowMs ? this.#offlineUntilMs : Infinity,
      this.#sendAgainAtMs > nowMs ? this.#sendAgainAtMs : Infinity,
    );
  }

  #publishReady(): void {
    const device = this.#device;
    while (device?.isConnected === true && device.hasRoom && !(this.#goesAlone && device.inFlight > 0)) {
      const outgoing = this.#queue.take();
      if (outgoing === undefined) return;
      void this.#publish(device, outgoing);
    }
  }

  async #publish(device: Device, outgoing: Outgoing): Promise<void> {
    const { ledger, clock, events } = this.#around;
    const wasAlone = this.#goesAlone;
    const startMs = clock.monotonicMs();
    const { seq, payload } = outgoing.pending;
    ledger.published(this.#source.sensorId, seq);
    try {
      await device.publish(this.#topic, payload);
      this.#onDelivered(outgoing, wasAlone);
      events.onPublished("delivered", clock.monotonicMs() - startMs);
    } catch (error) {
      const outcome = outcomeOf(error);
      this.#onFailed(outgoing, device);
      events.onPublished(outcome, clock.monotonicMs() - startMs);
      if (outcome === "refused") events.onRefused(toError(error));
    }
    this.#proceed();
  }

  #onDelivered(outgoing: Outgoing, wasAlone: boolean): void {
    // Only a publish that went alone proves that the next ones may go together.
    if (wasAlone) this.#goesAlone = false;
    this.#failedSends = 0;
    const isFirst = this.#around.ledger.acknowledged(this.#source.sensorId, outgoing.pending.seq);
    if (isFirst) outgoing.onDelivered?.();
    if (outgoing.copies > 0) this.#queue.putBack({ ...outgoing, copies: outgoing.copies - 1, isCopy: true });
  }

  #onFailed(outgoing: Outgoing, device: Device): void {
    if (!outgoing.isCopy) this.#queue.putBack(outgoing);
    this.#goesAlone = true;
    if (!device.isConnected) return;
    // Nobody is subscribed, or there is no room: it is no use to ask at full speed.
    this.#failedSends += 1;
    this.#sendAgainAtMs =
      this.#around.clock.nowMs() + Math.ceil(retryDelayMs(SEND_AGAIN, this.#failedSends, Math.random));
  }
}
