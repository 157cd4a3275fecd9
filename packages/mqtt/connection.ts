import { Socket } from "node:net";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient, type Packet } from "mqtt";
import type { Clock } from "#runtime";
import { mqttErrors } from "./errors.ts";
import { checkMqttjsVersion } from "./mqttjs.ts";

/** A message that the broker publishes when the client goes without saying goodbye: MQTT 5.0, section 3.1.2.5. */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Who connects, where to, and what the broker keeps for it. */
export interface ConnectionSettings {
  /** `mqtt:` or `mqtts:`, without credentials. */
  readonly url: string;
  /** Names the session in the broker; must belong to one process at a time. */
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly keepaliveSeconds: number;
  /** How long the broker keeps the session, and what is queued in it, while the client is away. */
  readonly sessionExpirySeconds: number;
  /** Most messages that the broker may have sent and not got a PUBACK for; default: the protocol's 65,535. */
  readonly receiveMaximum?: number;
  readonly will?: Will;
  /**
   * Ping in every keepalive, instead of only after one without traffic. For a client that mostly publishes this saves a
   * timer for each packet; one that may stop reading needs the other.
   */
  readonly alwaysPings?: boolean;
}

/** Calling it takes the next packet; with an error it sends no PUBACK. Not calling it stops the reading. */
export type Answer = (error?: Error) => void;
export type PublishHandler = (connection: MqttConnection, packet: IPublishPacket, answer: Answer) => void;

/** How a connection ended. */
export interface ConnectionEnd {
  /** The reason code of the broker's DISCONNECT, if it sent one: MQTT 5.0, section 3.14.2.1. */
  readonly reasonCode: number | undefined;
  readonly error: Error | undefined;
}

/** https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901208 */
export const SESSION_TAKEN_OVER = 0x8e;

/** A value of the option Retain Handling. */
const ONLY_NEW_SUBSCRIPTIONS = 1;

const CONNECT_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 3_000;

/**
 * One connection to the broker, MQTT 5, clean start false, from CONNECT to the close of its socket. It never connects
 * again by itself: whoever wants another one opens another one, with pauses of its own. So its socket is one for life,
 * and "does this packet id still mean something" is "is this connection alive".
 */
export class MqttConnection {
  /** Resolves when the socket is closed, whoever closed it. */
  readonly closed: Promise<ConnectionEnd>;
  readonly #client: MqttClient;
  readonly #clock: Clock;
  /** What waits for an answer, in no order; MQTT.js forgets some of its callbacks when the socket closes. */
  readonly #waiting: ((error: Error) => void)[] = [];
  #isEnding = false;
  #sessionPresent = false;
  #lastPuback: Puback | undefined;

  private constructor(settings: ConnectionSettings, clock: Clock, onPublish: PublishHandler | undefined) {
    checkMqttjsVersion();
    this.#clock = clock;
    this.#client = connect(settings.url, clientOptions(settings));
    // Before connecting: a session's queued messages come right behind the CONNACK.
    this.#client.handleMessage = (packet, answer) => {
      if (onPublish === undefined) answer();
      else onPublish(this, packet, answer);
    };
    this.#client.on("packetreceive", (packet) => {
      if (packet.cmd === "puback") this.#lastPuback = packet;
    });
    this.closed = watch(this.#client);
    void this.closed.then(({ error }) => {
      for (const reject of this.#waiting) reject(failed("the connection ended", error));
    });
  }

  /**
   * Connects and waits for the CONNACK.
   *
   * @throws MQTT_CONNECTION_FAILED, with the CONNACK's reason code if that was a refusal; the signal's reason once it
   * aborts.
   */
  static async open(
    settings: ConnectionSettings,
    clock: Clock,
    { onPublish, signal }: { onPublish?: PublishHandler; signal?: AbortSignal } = {},
  ): Promise<MqttConnection> {
    signal?.throwIfAborted();
    const connection = new MqttConnection(settings, clock, onPublish);
    const onAbort = (): void => connection.destroy();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await connection.#connack();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      signal?.throwIfAborted();
    }
    return connection;
  }

  /** Whether the broker had kept a session for this client id. */
  get sessionPresent(): boolean {
    return this.#sessionPresent;
  }

  /** The broker's Receive Maximum: most publishes of ours that may wait for a PUBACK. MQTT.js does not heed it. */
  get brokerReceiveMaximum(): number {
    return this.#client.serverProperties?.receiveMaximum ?? 65_535;
  }

  /** Whether a PUBACK can still be written. */
  get isAlive(): boolean {
    return this.#client.connected && this.#client.stream.writable;
  }

  /** {@link end} or {@link destroy} was called: nothing that comes now may be taken. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Raw bytes, past the client. */
  write(bytes: Buffer): void {
    this.#client.stream.write(bytes);
  }

  /**
   * Retained messages come only if the session had no such subscription: MQTT 5.0, section 3.8.3.1. Otherwise each of them
   * would come again with every connection.
   *
   * @throws MQTT_SUBSCRIPTION_REFUSED if the SUBACK grants less than QoS 1.
   */
  async subscribe(filter: string): Promise<void> {
    const { error, granted } = await this.#answered<Suback>((resolve) =>
      this.#client.subscribe(filter, { qos: 1, rh: ONLY_NEW_SUBSCRIPTIONS }, (error, _grants, packet) =>
        resolve({ error, granted: packet?.granted[0] }),
      ),
    );
    if (granted === 1) return;
    if (granted === undefined) throw failed("the subscription was not answered", error ?? undefined);
    throw mqttErrors.create("MQTT_SUBSCRIPTION_REFUSED", "the broker does not grant the subscription with QoS 1", {
      details: { filter, reasonCode: granted },
    });
  }

  /** Ends a subscription of the session; one that does not exist is no error. */
  async unsubscribe(filter: string): Promise<void> {
    const error = await this.#answered<Error | null | undefined>((resolve) =>
      this.#client.unsubscribe(filter, (error) => resolve(error)),
    );
    if (error) throw failed("the unsubscription was not answered", error);
  }

  /**
   * Publishes with QoS 1 and resolves with the PUBACK's reason code.
   *
   * @throws MQTT_CONNECTION_FAILED if the connection ends first.
   */
  publish(topic: string, payload: Buffer): Promise<number> {
    return this.#answered<number>((resolve, reject) =>
      this.#client.publish(topic, payload, { qos: 1 }, (error, packet) => {
        const code = error ? reasonCodeOf(error) : this.#reasonCodeFor(packet);
        if (code === undefined) reject(failed("the message was not published", error ?? undefined));
        else resolve(code);
      }),
    );
  }

  /**
   * Says goodbye: everything written before, PUBACKs too, has reached the broker when this resolves in time, because
   * the broker closes only after it read the DISCONNECT behind it. Until then what comes is read and thrown away: a
   * socket closed with unread bytes resets the connection, and a reset may overtake what was written.
   */
  async end({ endSession = false } = {}): Promise<void> {
    this.#isEnding = true;
    const timer = this.#clock.setTimer(END_TIMEOUT_MS, () => this.destroy());
    this.#client.end(false, endSession ? { reasonCode: 0, properties: { sessionExpiryInterval: 0 } } : {});
    await this.closed;
    timer.clear();
  }

  /** Closes the socket without a word; the broker publishes the will. */
  destroy(): void {
    this.#isEnding = true;
    this.#client.end(true);
    this.#client.stream.destroy();
  }

  async #connack(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
    this.#client.connect();
    // Many small writes wait for nothing: with Nagle's algorithm each could wait 40 ms for a delayed TCP acknowledgement.
    if (this.#client.stream instanceof Socket) this.#client.stream.setNoDelay(true);
    const outcome = await Promise.race([promise, this.closed]);
    if (typeof outcome !== "boolean") throw notConnected(outcome);
    this.#sessionPresent = outcome;
  }

  /** MQTT.js gives the callback the PUBLISH, not the PUBACK, which it has just handled. */
  #reasonCodeFor(published: Packet | undefined): number | undefined {
    return this.#lastPuback?.messageId === published?.messageId ? (this.#lastPuback?.reasonCode ?? 0) : undefined;
  }

  /** What the callback gives, or an error as soon as the connection is closed. */
  async #answered<T>(run: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(reject);
    try {
      run(resolve, reject);
      return await promise;
    } finally {
      this.#forget(reject);
    }
  }

  /** Not a Set: it would make a new table for every answer, and thousands of devices have one each. */
  #forget(reject: (error: Error) => void): void {
    const last = this.#waiting.pop();
    if (last === undefined || last === reject) return;
    const at = this.#waiting.indexOf(reject);
    if (at >= 0) this.#waiting[at] = last;
  }
}

interface Puback {
  readonly messageId?: number | undefined;
  readonly reasonCode?: number | undefined;
}

interface Suback {
  readonly error: Error | null;
  readonly granted: unknown;
}

function clientOptions(settings: ConnectionSettings): IClientOptions {
  const {
    clientId,
    username,
    password,
    keepaliveSeconds,
    sessionExpirySeconds,
    receiveMaximum,
    will,
    alwaysPings = false,
  } = settings;
  return {
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: { ...will, qos: 1, retain: false } }),
    protocolVersion: 5,
    clean: false,
    keepalive: keepaliveSeconds,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    reschedulePings: !alwaysPings,
    manualConnect: true,
    // Its debug texts are made and thrown away for every packet, 5 % of the bridge's time.
    log: () => undefined,
    properties: {
      sessionExpiryInterval: sessionExpirySeconds,
      ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    },
  };
}

/** Without a listener an "error" would end the process. */
function watch(client: MqttClient): Promise<ConnectionEnd> {
  const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
  let error: Error | undefined;
  let reasonCode: number | undefined;
  client.on("error", (thrown) => (error ??= thrown));
  client.on("disconnect", (packet) => (reasonCode ??= packet.reasonCode));
  client.once("close", () => resolve({ reasonCode, error }));
  return promise;
}

function failed(message: string, cause: Error | undefined): Error {
  return mqttErrors.create("MQTT_CONNECTION_FAILED", message, { cause });
}

/** Before the CONNACK the only numbered error of MQTT.js is a CONNACK that refuses; those of a socket have names. */
function notConnected({ error }: ConnectionEnd): Error {
  const reasonCode = error && reasonCodeOf(error);
  if (reasonCode === undefined) return failed("the broker cannot be reached", error);
  return mqttErrors.create("MQTT_CONNECTION_FAILED", "the broker refuses the connection", {
    cause: error,
    details: { reasonCode },
  });
}

function reasonCodeOf(error: Error): number | undefined {
  return "code" in error && typeof error.code === "number" ? error.code : undefined;
}
