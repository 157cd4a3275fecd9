import type { IPublishPacket } from "mqtt";
import { isRetryable, retryDelayMs, retryPolicy, toError, type Clock, type Logger, type Timer } from "#runtime";
import { AckQueue, NO_PACKET_ID } from "./ack-queue.ts";
import { MqttConnection, SESSION_TAKEN_OVER, type Answer, type ConnectionSettings } from "./connection.ts";
import { mqttErrors } from "./errors.ts";

/**
 * Where a subscriber stands. `connected`: the broker granted the subscription and delivers. `waiting`: disconnected on
 * purpose until the messages that are outstanding are confirmed again.
 */
export type SubscriberState = "connecting" | "connected" | "waiting" | "stopped";

export interface SubscriberOptions {
  readonly connection: Omit<ConnectionSettings, "receiveMaximum" | "will">;
  /** A topic filter; with `$share/<group>/` before it, one copy of each message goes to the group. */
  readonly filter: string;
  /** `drain`: ends the subscription and takes only what the session still holds, see {@link Subscriber.drained}. */
  readonly mode?: "subscribe" | "drain";
  /** Most messages that are handed on and not confirmed, 1 to 65,535; at the bound it stops reading the socket. */
  readonly maxOutstanding: number;
  /** The same in bytes of payload; one message may go over it. */
  readonly maxOutstandingBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes a message. Called in the order of arrival; must not throw. `confirm` it later. */
  readonly onMessage: (topic: string, payload: Buffer) => void;
  readonly onState?: (state: SubscriberState) => void;
  /** It cannot go on: MQTT_SUBSCRIPTION_REFUSED or MQTT_SESSION_TAKEN_OVER. */
  readonly onFatal: (error: Error) => void;
}

/** What happened since the start, for metrics. */
export interface SubscriberCounters {
  received: number;
  /** Received with the DUP flag: delivered before, at least to the socket. */
  redelivered: number;
  pubacksWritten: number;
  /** Confirmed, but the connection was gone: the broker delivers these again. */
  pubacksDropped: number;
  connections: number;
  /** How often reading was stopped because of the bound. */
  holds: number;
  /** How often it disconnected because a hold lasted longer than the keepalive allows. */
  retreats: number;
}

interface Held {
  readonly connection: MqttConnection;
  readonly packet: IPublishPacket;
  readonly answer: Answer;
  readonly timer: Timer;
}

/** One for all: a new Error per message would cost a stack trace. */
const NO_PUBACK = new Error("the PUBACK follows when the message is confirmed");

/**
 * The client sends a PINGREQ after one keepalive without traffic and gives up half a keepalive later, when it has not
 * seen the answer; a held packet stops it from seeing anything. So no hold may last half a keepalive.
 */
const HOLD_SHARE_OF_KEEPALIVE = 0.4;

const RECONNECT = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/**
 * Receives with QoS 1 and acknowledges late: a message's PUBACK is written only after {@link confirm}, many in one
 * buffer, first in first out, and only if the connection that brought the message is alive. So whoever dies between
 * receiving and confirming gets the message again: at least once. On one connection messages are handed on in the order
 * in which the broker sends them; after a reconnect it starts again with the first that had no PUBACK.
 *
 * Bounds: `maxOutstanding` and `maxOutstandingBytes`. At a bound the packet in hand is kept unanswered, which stops the
 * parsing and, through TCP, the broker. When that lasts too long for the keepalive, it disconnects and comes back with
 * the next confirmation; the broker keeps the session meanwhile.
 */
export class Subscriber {
  readonly counters: SubscriberCounters = {
    received: 0,
    redelivered: 0,
    pubacksWritten: 0,
    pubacksDropped: 0,
    connections: 0,
    holds: 0,
    retreats: 0,
  };
  readonly #options: SubscriberOptions;
  readonly #queue: AckQueue<MqttConnection>;
  readonly #stopping = new AbortController();
  #state: SubscriberState = "connecting";
  #connection: MqttConnection | undefined;
  #held: Held | undefined;
  /** Set while it stays away on purpose; resolved by the next confirmation. */
  #return: PromiseWithResolvers<undefined> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#queue = new AckQueue(options.maxOutstanding);
  }

  /** Begins to connect, and goes on doing so for as long as it takes. */
  start(): void {
    this.#running ??= this.#run();
  }

  get state(): SubscriberState {
    return this.#state;
  }

  /** Messages handed on and not confirmed. */
  get outstanding(): number {
    return this.#queue.length;
  }

  get outstandingBytes(): number {
    return this.#queue.bytes;
  }

  /** The oldest `count` outstanding messages are safe: their PUBACKs go out. */
  confirm(count: number): void {
    const alive = this.#connection?.isAlive === true ? this.#connection : undefined;
    const { pubacks, staleCount } = this.#queue.release(count, alive);
    if (pubacks.length > 0) alive?.write(pubacks);
    this.counters.pubacksWritten += pubacks.length / 4;
    this.counters.pubacksDropped += staleCount;
    this.#return?.resolve(undefined);
    this.#releaseHeld();
  }

  /** From now on nothing more is taken; what is outstanding can still be confirmed. First step of a stop. */
  stopIntake(): void {
    this.#stopping.abort(new Error("the subscriber is stopping"));
    this.#releaseHeld();
  }

  /**
   * Last step of a stop: writes DISCONNECT behind the PUBACKs and waits until the broker has closed, at most 3 s. The
   * session stays, with all that has no PUBACK, unless `endSession` says that it is not needed any more.
   *
   * @throws MQTT_CONNECTION_FAILED if there is no connection over which the session could be ended.
   */
  async close({ endSession = false } = {}): Promise<void> {
    const connection = this.#connection?.isAlive === true ? this.#connection : undefined;
    this.stopIntake();
    await connection?.end({ endSession });
    await this.#running;
    this.#become("stopped");
    if (endSession && connection === undefined)
      throw mqttErrors.create("MQTT_CONNECTION_FAILED", "the session could not be ended without a connection");
  }

  /**
   * In mode `drain`: resolves when the session seems empty, that is connected, nothing outstanding and nothing received
   * for `quietMs`. MQTT has no way to ask. Then `close({ endSession: true })` leaves nothing behind.
   */
  async drained(quietMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const before = { ...this.counters };
      await this.#options.clock.sleep(quietMs, signal);
      const isQuiet = before.received === this.counters.received && before.connections === this.counters.connections;
      if (isQuiet && this.#state === "connected" && this.outstanding === 0) return;
    }
  }

  #onPublish(connection: MqttConnection, packet: IPublishPacket, answer: Answer): void {
    // Already here, because a session's messages can come before its CONNACK has been dealt with.
    this.#connection ??= connection;
    if (connection.isEnding || this.#isStopping()) {
      answer(NO_PUBACK);
    } else if (this.#isFull) {
      if (connection.isAlive) this.#hold(connection, packet, answer);
      else answer(NO_PUBACK);
    } else {
      this.#take(connection, packet);
      answer(NO_PUBACK);
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  get #isFull(): boolean {
    return this.#queue.isFull || this.#queue.bytes >= this.#options.maxOutstandingBytes;
  }

  #take(connection: MqttConnection, packet: IPublishPacket): void {
    const payload = packet.payload as Buffer;
    this.#queue.push(packet.qos === 0 ? NO_PACKET_ID : (packet.messageId ?? NO_PACKET_ID), payload.length, connection);
    this.counters.received += 1;
    if (packet.dup) this.counters.redelivered += 1;
    this.#options.onMessage(packet.topic, payload);
  }

  #hold(connection: MqttConnection, packet: IPublishPacket, answer: Answer): void {
    const longestMs = this.#options.connection.keepaliveSeconds * 1000 * HOLD_SHARE_OF_KEEPALIVE;
    const timer = this.#options.clock.setTimer(longestMs, () => this.#retreat(connection));
    this.#held = { connection, packet, answer, timer };
    this.counters.holds += 1;
  }

  /** Looks at the held packet again: it is taken, held further, or thrown away with its connection. */
  #releaseHeld(): void {
    const held = this.#held;
    if (held === undefined) return;
    const isWanted = !held.connection.isEnding && !this.#isStopping();
    if (isWanted && this.#isFull) return;
    held.timer.clear();
    this.#held = undefined;
    this.#onPublish(held.connection, held.packet, held.answer);
  }

  #retreat(connection: MqttConnection): void {
    this.#options.log.warn(
      { outstanding: this.outstanding },
      "nothing was confirmed for longer than the keepalive allows: disconnecting until something is",
    );
    this.counters.retreats += 1;
    this.#return = Promise.withResolvers();
    this.#become("waiting");
    void connection.end();
    this.#releaseHeld();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isStopping();) {
      try {
        await this.#untilReturn();
        const isLasting = await this.#session();
        // Never 0: two clients that take a session from each other again and again must not do so at full speed.
        failures = isLasting ? 1 : failures + 1;
      } catch (error) {
        if (this.#isStopping()) return;
        if (!isRetryable(error)) {
          this.#options.onFatal(toError(error));
          return;
        }
        failures += 1;
        this.#options.log.warn({ err: error, failures }, "no connection to the MQTT broker, trying again");
      }
      await this.#pause(failures);
    }
  }

  /** One connection from its opening to its close; whether it delivered. */
  async #session(): Promise<boolean> {
    const { connection: settings, clock, maxOutstanding, log } = this.#options;
    this.#become("connecting");
    const connection = await MqttConnection.open({ ...settings, receiveMaximum: maxOutstanding }, clock, {
      onPublish: (from, packet, answer) => this.#onPublish(from, packet, answer),
      signal: this.#stopping.signal,
    });
    this.#connection = connection;
    this.counters.connections += 1;
    const receivedBefore = this.counters.received;
    try {
      await this.#subscribe(connection);
      log.info({ sessionPresent: connection.sessionPresent }, "connected to the MQTT broker");
      if (!connection.isEnding) this.#become("connected");
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      await this.#onClosed(connection);
    }
    return this.counters.received > receivedBefore;
  }

  /**
   * On every connection, also where the session is present: Mosquitto 2.0.11 says so after a restart and has forgotten
   * the session's shared subscriptions all the same.
   */
  async #subscribe(connection: MqttConnection): Promise<void> {
    const { filter, mode } = this.#options;
    if (mode === "drain") await connection.unsubscribe(filter);
    else await connection.subscribe(filter);
  }

  async #onClosed(connection: MqttConnection): Promise<void> {
    const { reasonCode, error } = await connection.closed;
    this.#connection = undefined;
    if (this.#held?.connection === connection) {
      this.#held.timer.clear();
      this.#held = undefined;
    }
    if (reasonCode === SESSION_TAKEN_OVER)
      throw mqttErrors.create("MQTT_SESSION_TAKEN_OVER", "another client uses this client id", {
        details: { clientId: this.#options.connection.clientId },
      });
    if (!connection.isEnding) this.#options.log.warn({ reasonCode, err: error }, "the MQTT connection was lost");
  }

  async #untilReturn(): Promise<void> {
    if (this.#return === undefined) return;
    const aborted = Promise.withResolvers<undefined>();
    const onAbort = (): void => aborted.resolve(undefined);
    this.#stopping.signal.addEventListener("abort", onAbort, { once: true });
    await Promise.race([this.#return.promise, aborted.promise]);
    this.#stopping.signal.removeEventListener("abort", onAbort);
    this.#return = undefined;
  }

  async #pause(failures: number): Promise<void> {
    const delayMs = retryDelayMs(RECONNECT, failures, Math.random);
    await this.#options.clock.sleep(delayMs, this.#stopping.signal).catch(() => undefined);
  }

  #become(state: SubscriberState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState?.(state);
  }
}
