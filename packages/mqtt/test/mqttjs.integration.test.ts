/** What this room takes for granted about MQTT.js, asserted for the pinned version against the real broker. */
import { randomUUID } from "node:crypto";
import { connect, connectAsync, type IPublishPacket, type MqttClient } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, startMosquitto, type Mosquitto } from "#testkit";
import { checkMqttjsVersion } from "../mqttjs.ts";
import { StandInBroker } from "./stand-in-broker.ts";

type Handler = (packet: IPublishPacket, answer: (error?: Error) => void, client: MqttClient) => void;

let broker: Mosquitto;
beforeAll(async () => {
  broker = await startMosquitto();
});
afterAll(() => broker.server[Symbol.asyncDispose]());

/** A persistent session with `topic` subscribed and messages 0 to `count` - 1 queued in it. */
async function queued(count: number): Promise<{ clientId: string; topic: string }> {
  const [clientId, topic] = [randomUUID(), randomUUID()];
  const options = { clientId, clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 } } as const;
  const session = await connectAsync(broker.url, options);
  await session.subscribeAsync(topic, { qos: 1 });
  await session.endAsync();
  const publisher = await connectAsync(broker.url, { protocolVersion: 5 });
  for (let number = 0; number < count; number += 1) await publisher.publishAsync(topic, String(number), { qos: 1 });
  await publisher.endAsync();
  return { clientId, topic };
}

class Session {
  readonly client: MqttClient;
  readonly seen: string[] = [];
  readonly dups: boolean[] = [];
  readonly errors: Error[] = [];
  closes = 0;

  constructor(clientId: string, handler: Handler, keepalive = 60) {
    this.client = connect(broker.url, {
      clientId,
      clean: false,
      protocolVersion: 5,
      keepalive,
      reconnectPeriod: 0,
      manualConnect: true,
      properties: { sessionExpiryInterval: 600 },
    });
    this.client.on("error", (error) => this.errors.push(error));
    this.client.on("close", () => (this.closes += 1));
    this.client.handleMessage = (packet, answer) => {
      this.seen.push(packet.payload.toString());
      this.dups.push(packet.dup);
      handler(packet, answer, this.client);
    };
    this.client.connect();
  }

  sees(...expected: string[]): Promise<unknown> {
    const holds = (seen: readonly string[]): boolean => seen.join() === expected.join();
    return eventually(`sees ${expected.join()}`, () => this.seen, holds, { intervalMs: 10 });
  }

  /** A round trip, so that what the broker had to send is here. */
  async ping(): Promise<void> {
    const answered = new Promise((resolve) => this.client.once("packetreceive", resolve));
    this.client.sendPing();
    await answered;
  }
}

const NO_PUBACK = new Error("no PUBACK");

test("it is the version that this room names", () => {
  expect(() => checkMqttjsVersion()).not.toThrow();
});

test("an error in the callback suppresses the PUBACK, lets the next packet through and harms nothing", async () => {
  const { clientId } = await queued(3);
  const first = new Session(clientId, (_packet, answer) => answer(NO_PUBACK));
  await first.sees("0", "1", "2");
  await first.ping();
  expect([first.errors, first.closes, first.dups]).toEqual([[], 0, [false, false, false]]);
  await first.client.endAsync();
  const second = new Session(clientId, (_packet, answer) => answer());
  await second.sees("0", "1", "2");
  expect(second.dups).toEqual([true, true, true]);
  await second.client.endAsync();
});

test("a CONNACK that refuses is an error with its reason code before the close, and nothing connects again", async () => {
  await using refusing = await StandInBroker.start({ connackCode: 0x87, subackCode: 1 });
  const client = connect(refusing.url, { protocolVersion: 5, reconnectPeriod: 0 });
  const seen: unknown[] = [];
  client.on("error", (error) => seen.push([error.name, "code" in error && error.code]));
  client.on("reconnect", () => seen.push("reconnect"));
  await new Promise<void>((resolve) => client.once("close", resolve));
  expect(seen).toEqual([["ErrorWithReasonCode", 0x87]]);
  await systemClock.sleep(200);
  expect([seen.length, refusing.connections]).toEqual([1, 1]);
});

test("PUBACKs written to the stream in one buffer are PUBACKs", async () => {
  const { clientId } = await queued(3);
  const pubacks: Buffer[] = [];
  const first = new Session(clientId, ({ messageId }, answer) => {
    pubacks.push(Buffer.from([0x40, 2, messageId! >> 8, messageId! & 255]));
    answer(NO_PUBACK);
  });
  await first.sees("0", "1", "2");
  first.client.stream.write(Buffer.concat(pubacks.slice(0, 2)));
  await first.client.endAsync();
  const second = new Session(clientId, (_packet, answer) => answer());
  await second.sees("2");
  await second.client.endAsync();
});

test("a callback that is kept stops the parsing until it is answered", async () => {
  const { clientId } = await queued(3);
  const kept: (() => void)[] = [];
  const session = new Session(clientId, (_packet, answer) => void kept.push(() => answer(NO_PUBACK)));
  await session.sees("0");
  await systemClock.sleep(200);
  expect(session.seen).toEqual(["0"]);
  kept[0]!();
  await session.sees("0", "1");
  session.client.end(true);
});

test("a callback that is kept beyond the keepalive ends the connection", async () => {
  const { clientId } = await queued(1);
  const session = new Session(clientId, () => undefined, 1);
  await eventually("closed", () => session.closes, Boolean, { timeoutMs: 5000 });
  expect(session.errors[0]?.message).toBe("Keepalive timeout");
  session.client.end(true);
});

test("messages of the session reach a handler that was set before connecting, even before the event connect", async () => {
  const { clientId } = await queued(1);
  const session = new Session(clientId, (_packet, answer) => answer());
  const order: string[] = [];
  session.client.on("connect", () => order.push("connect"));
  session.client.on("packetreceive", ({ cmd }) => order.push(cmd));
  await session.sees("0");
  expect(order[0]).toBe("connack");
  await session.client.endAsync();
});

test("the PUBACK with its reason code is seen just before the callback, which gets the PUBLISH", async () => {
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  const seen: unknown[] = [];
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "puback") seen.push([packet.cmd, packet.messageId, packet.reasonCode]);
  });
  const published = await client.publishAsync(randomUUID(), "x", { qos: 1 });
  seen.push([published?.cmd, published?.messageId]);
  expect(seen).toEqual([
    ["puback", published?.messageId, 16],
    ["publish", published?.messageId],
  ]);
  await client.endAsync();
});
