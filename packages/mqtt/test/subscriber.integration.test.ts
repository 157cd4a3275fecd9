import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect, connectAsync } from "mqtt";
import { Subscriber, type SubscriberOptions } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startMosquitto, TcpProxy, type Mosquitto } from "#testkit";
import { StandInBroker } from "./stand-in-broker.ts";

let broker: Mosquitto;
let proxy: TcpProxy;
beforeAll(async () => {
  const settings = [
    "allow_anonymous true",
    // No receive limit in the way: the bound under test is the subscriber's own.
    "max_inflight_messages 0",
  ];
  broker = await startMosquitto({ settings });
  proxy = await TcpProxy.start(broker.port);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await broker.server[Symbol.asyncDispose]();
});

/** A subscriber and what it handed on. */
class Receiver {
  readonly subscriber: Subscriber;
  readonly seen: string[] = [];
  readonly states: string[] = [];
  fatal: Error | undefined;

  constructor(
    clientId: string,
    options: Partial<SubscriberOptions> & { keepaliveSeconds?: number; url?: string } = {},
  ) {
    const { keepaliveSeconds = 60, url = broker.url, ...rest } = options;
    this.subscriber = new Subscriber({
      connection: { url, clientId, keepaliveSeconds, sessionExpirySeconds: 600 },
      filter: `$share/g/${clientId}/+`,
      maxOutstanding: 100,
      maxOutstandingBytes: 1_000_000,
      clock: systemClock,
      log: silentLogger,
      onMessage: (_topic, payload) => this.seen.push(payload.toString()),
      onState: (state) => this.states.push(state),
      onFatal: (error) => (this.fatal = error),
      ...rest,
    });
    this.subscriber.start();
    receivers.push(this);
  }

  connected(): Promise<unknown> {
    return eventually(
      "connected",
      () => this.subscriber.state,
      (state) => state === "connected",
    );
  }

  sees(...expected: (string | number)[]): Promise<unknown> {
    return eventually(
      `sees ${expected.join()}`,
      () => this.seen.join(),
      (seen) => seen === expected.join(),
    );
  }
}

const receivers: Receiver[] = [];
afterEach(async () => {
  proxy.heal();
  for (const { subscriber } of receivers.splice(0)) await subscriber.close();
});

/** Publishes `from` to `to` - 1. */
async function publish(clientId: string, from: number, to: number, payload = "", qos: 0 | 1 = 1): Promise<void> {
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  for (let number = from; number < to; number += 1)
    await client.publishAsync(`${clientId}/t`, `${number}${payload}`, { qos });
  await client.endAsync();
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe("acknowledging", () => {
  test("what was not confirmed comes again, what was confirmed does not", async () => {
    const clientId = randomUUID();
    const first = new Receiver(clientId);
    await first.connected();
    await publish(clientId, 0, 10);
    await first.sees(...range(0, 10));
    expect(first.subscriber.outstanding).toBe(10);
    first.subscriber.confirm(4);
    await first.subscriber.close();
    const second = new Receiver(clientId);
    await second.sees(...range(4, 10));
    expect(second.subscriber.counters).toMatchObject({ received: 6, redelivered: 6 });
    second.subscriber.confirm(6);
    await second.subscriber.close();
    const third = new Receiver(clientId);
    await third.connected();
    await publish(clientId, 10, 11);
    await third.sees(10);
  });

  test("a retained message comes once, however often the session connects again", async () => {
    const clientId = randomUUID();
    const filter = `${clientId}/+`;
    const publisher = await connectAsync(broker.url, { protocolVersion: 5 });
    await publisher.publishAsync(`${clientId}/t`, "retained", { qos: 1, retain: true });
    const first = new Receiver(clientId, { filter });
    await first.sees("retained");
    first.subscriber.confirm(1);
    await first.subscriber.close();
    const second = new Receiver(clientId, { filter });
    await second.connected();
    // Behind the SUBACK, so a retained message that came again would be seen before it.
    await publisher.publishAsync(`${clientId}/t`, "fresh", { qos: 1 });
    await second.sees("fresh");
    await publisher.endAsync();
  });

  test("nothing is acknowledged over a connection other than the message's own", async () => {
    const clientId = randomUUID();
    const { subscriber, ...receiver } = new Receiver(clientId, { url: `mqtt://127.0.0.1:${proxy.port}` });
    await eventually(
      "connected",
      () => subscriber.state,
      (state) => state === "connected",
    );
    await publish(clientId, 0, 3);
    await eventually(
      "three",
      () => subscriber.outstanding,
      (count) => count === 3,
    );
    proxy.breakConnections();
    await eventually(
      "three again",
      () => subscriber.outstanding,
      (count) => count === 6,
    );
    subscriber.confirm(3);
    expect(subscriber.counters).toMatchObject({ pubacksWritten: 0, pubacksDropped: 3, connections: 2 });
    proxy.breakConnections();
    await eventually(
      "three once more",
      () => receiver.seen.join(),
      (seen) => seen === "0,1,2,0,1,2,0,1,2",
    );
    subscriber.confirm(6);
    expect(subscriber.counters).toMatchObject({ pubacksWritten: 3, pubacksDropped: 6 });
  });

  test("messages of QoS 0 are handed on and confirmed without a PUBACK", async () => {
    const clientId = randomUUID();
    const { subscriber, ...receiver } = new Receiver(clientId);
    await eventually(
      "connected",
      () => subscriber.state,
      (state) => state === "connected",
    );
    const client = await connectAsync(broker.url, { protocolVersion: 5 });
    await client.publishAsync(`${clientId}/t`, "zero", { qos: 0 });
    await client.publishAsync(`${clientId}/t`, "one", { qos: 1 });
    await client.endAsync();
    await eventually(
      "both",
      () => receiver.seen.join(),
      (seen) => seen === "zero,one",
    );
    subscriber.confirm(2);
    expect(subscriber.counters).toMatchObject({ received: 2, pubacksWritten: 1, pubacksDropped: 0 });
  });
});

describe("bounds", () => {
  test.each([
    // The broker heeds Receive Maximum for QoS 1 by itself (2.0.11 not always), so QoS 0 is what needs our bound.
    ["messages", { maxOutstanding: 7 }, 0],
    ["bytes", { maxOutstandingBytes: 700 }, 1],
  ] as const)("of %s: it stops reading, and goes on where it stopped", async (_name, bound, qos) => {
    const expected = 7;
    const clientId = randomUUID();
    const receiver = new Receiver(clientId, bound);
    await receiver.connected();
    await publish(clientId, 100, 130, "x".repeat(97), qos);
    const { subscriber, seen } = receiver;
    await eventually("held", () => subscriber.counters.holds, Boolean);
    expect([subscriber.outstanding, seen.length]).toEqual([expected, expected]);
    for (let confirmed = 0; confirmed < 30;) {
      await eventually(
        "more",
        () => subscriber.outstanding,
        (count) => count === Math.min(expected, 30 - confirmed),
      );
      subscriber.confirm(2);
      confirmed += 2;
      expect(subscriber.outstanding).toBeLessThanOrEqual(expected);
    }
    expect(seen.map((text) => Number(text.slice(0, 3)))).toEqual(range(100, 130));
    expect(subscriber.counters).toMatchObject({ received: 30, redelivered: 0, retreats: 0, pubacksWritten: 30 * qos });
  });

  test("it stays away when nothing is confirmed for too long, and comes back with the next confirmation", async () => {
    const clientId = randomUUID();
    const receiver = new Receiver(clientId, { maxOutstandingBytes: 5, keepaliveSeconds: 1 });
    await receiver.connected();
    await publish(clientId, 0, 10);
    const { subscriber } = receiver;
    await eventually(
      "away",
      () => subscriber.state,
      (state) => state === "waiting",
    );
    await systemClock.sleep(2500);
    expect(receiver.states).toEqual(["connected", "waiting"]);
    expect([subscriber.outstanding, subscriber.counters.connections]).toEqual([5, 1]);
    subscriber.confirm(5);
    await receiver.sees(...range(0, 5), ...range(0, 5));
    subscriber.confirm(5);
    await receiver.sees(...range(0, 5), ...range(0, 10));
    subscriber.confirm(5);
    expect(subscriber.counters).toMatchObject({ retreats: 1, connections: 2, pubacksDropped: 5, pubacksWritten: 10 });
  });
});

describe("stop and failure", () => {
  test("a stop under load ends with every PUBACK written", async () => {
    const clientId = randomUUID();
    const first = new Receiver(clientId, { maxOutstanding: 2000 });
    await first.connected();
    const publishing = publish(clientId, 0, 3000);
    await eventually(
      "some",
      () => first.seen.length,
      (count) => count > 500,
      { intervalMs: 1 },
    );
    first.subscriber.stopIntake();
    const taken = first.seen.length;
    first.subscriber.confirm(first.subscriber.outstanding);
    await first.subscriber.close();
    expect(first.seen.length).toBe(taken);
    await publishing;
    const second = new Receiver(clientId, { maxOutstanding: 3000 });
    await second.sees(...range(taken, 3000));
  });

  test.each([
    ["a subscription that is refused", { subackCode: 0x87 }, "MQTT_SUBSCRIPTION_REFUSED"],
    ["a subscription that is granted with QoS 0 only", { subackCode: 0 }, "MQTT_SUBSCRIPTION_REFUSED"],
    ["a session that is taken over", { subackCode: 1, disconnectCode: 0x8e }, "MQTT_SESSION_TAKEN_OVER"],
  ])("%s is fatal", async (_name, answers, code) => {
    await using standIn = await StandInBroker.start(answers);
    const receiver = new Receiver("x", { url: standIn.url });
    await eventually("fatal", () => receiver.fatal, Boolean);
    expect(receiver.fatal).toMatchObject({ code });
    await systemClock.sleep(300);
    expect(standIn.connections).toBe(1);
  });

  test("a broker that refuses the connection is tried again", async () => {
    await using standIn = await StandInBroker.start({ subackCode: 1, connackCode: 0x88 });
    const receiver = new Receiver("x", { url: standIn.url });
    await eventually(
      "tried twice",
      () => standIn.connections,
      (count) => count > 1,
    );
    expect(receiver.fatal).toBeUndefined();
  });

  test("a broker that is away is tried again, and the subscription stands once however often it was made", async () => {
    const clientId = randomUUID();
    const receiver = new Receiver(clientId);
    await receiver.connected();
    for (let round = 0; round < 3; round += 1) {
      await broker.server.stop();
      await eventually(
        "lost",
        () => receiver.subscriber.state,
        (state) => state === "connecting",
      );
      await broker.server.start();
      await receiver.connected();
    }
    await publish(clientId, 0, 2);
    await receiver.sees(0, 1);
    receiver.subscriber.confirm(2);
  });
});

describe("draining a session for good", () => {
  test("takes what is left and nothing new, then leaves no session behind", async () => {
    const clientId = randomUUID();
    const first = new Receiver(clientId);
    await first.connected();
    await first.subscriber.close();
    await publish(clientId, 0, 5);
    const drain = new Receiver(clientId, { mode: "drain" });
    await drain.sees(...range(0, 5));
    await publish(clientId, 5, 7);
    const drained = drain.subscriber.drained(300, AbortSignal.timeout(20_000));
    await systemClock.sleep(700);
    expect(drain.subscriber.outstanding).toBe(5);
    drain.subscriber.confirm(5);
    await drained;
    await drain.subscriber.close({ endSession: true });
    expect(drain.seen).toEqual(range(0, 5).map(String));
    const probe = connect(broker.url, { clientId, clean: false, protocolVersion: 5, reconnectPeriod: 0 });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    probe.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
    expect(await promise).toBe(false);
    await probe.endAsync();
  });
});
