import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { ConnectPacer } from "../connect-pacer.ts";
import { DeviceRunner } from "../device-runner.ts";
import { Ledger } from "../ledger.ts";
import type { PublishOutcome } from "../publish-outcome.ts";
import { seededSource } from "../reading-source.ts";
import { fleet, NOW_MS } from "./fleets.ts";
import { ScriptedBroker, type Script } from "./scripted-broker.ts";

const READINGS = 30;

interface Circumstances {
  readonly faults?: readonly Record<string, unknown>[];
  readonly readings?: number;
  readonly connackCode?: number;
}

/** A device with 30 readings to send, ten at a time, to a broker that answers as told. */
async function run(script: Script, { faults = [], readings = READINGS, connackCode }: Circumstances = {}) {
  const broker = await ScriptedBroker.start(script, connackCode);
  const [ledger, closing] = [new Ledger(1000), new AbortController()];
  const [outcomes, refused, failures, ends]: [PublishOutcome[], Error[], Error[], unknown[]] = [[], [], [], []];
  const device = seededSource(fleet({ faults })).device(0);
  const runner = new DeviceRunner(device, randomUUID(), {
    tenant: "city",
    broker: { url: broker.url, keepaliveSeconds: 60, sessionExpirySeconds: 60 },
    maxInFlight: 10,
    pacer: new ConnectPacer(systemClock, 1000),
    ledger,
    clock: systemClock,
    events: {
      onMade: () => undefined,
      onPublished: (outcome) => outcomes.push(outcome),
      onConnected: () => undefined,
      onDisconnected: (end) => ends.push(end),
      onConnectFailed: (error) => failures.push(error),
      onRefused: (error) => refused.push(error),
    },
    closing: closing.signal,
  });
  for (let reading = 0; reading < readings; reading += 1) runner.make(NOW_MS + reading * 1000);
  runner.switch(true);
  const running = runner.run();
  const waking = systemClock.setInterval(5, () => {
    if (runner.wakeAtMs <= systemClock.nowMs()) runner.wake(systemClock.nowMs());
  });
  return {
    runner,
    broker,
    ledger,
    outcomes,
    refused,
    failures,
    ends,
    seqs: () => broker.accepted.map((payload) => (JSON.parse(payload) as { seq: number }).seq),
    close: async () => {
      closing.abort(new Error("the test is over"));
      runner.close();
      await running;
      waking.clear();
      await broker[Symbol.asyncDispose]();
    },
  };
}

const inOrder = Array.from({ length: READINGS }, (_, seq) => seq);

test.each<{ what: string; script: Script; outcome: PublishOutcome }>([
  { what: "none at first", script: (n) => (n < 3 ? 16 : 0), outcome: "noSubscribers" },
  { what: "no room at first", script: (n) => (n < 2 ? 0x97 : 0), outcome: "noRoom" },
])("a subscriber that comes between two publishes gets all in order: $what", async ({ script, outcome }) => {
  const device = await run(script);
  await eventually(
    "all acknowledged",
    () => device.ledger.waiting,
    (count) => count === 0,
  );
  expect(device.seqs()).toEqual(inOrder);
  expect(device.outcomes).toContain(outcome);
  await device.close();
});

test("several go together once one that went alone was delivered, and a copy follows its original", async () => {
  const device = await run(() => 0, { faults: [{ type: "Duplicate", readings: "100%" }] });
  await eventually(
    "all twice",
    () => device.seqs().length,
    (count) => count === 2 * READINGS,
  );
  expect([...new Set(device.seqs())]).toEqual(inOrder);
  expect(device.ledger.totals).toMatchObject({ made: READINGS, acknowledged: READINGS, repeats: READINGS });
  await device.close();
});

test("a publish that the broker refuses for good is told, once for each", async () => {
  const device = await run(() => 0x87);
  await eventually("refused", () => device.refused.length, Boolean);
  expect(device.refused[0]).toMatchObject({ code: "MQTT_PUBLISH_REFUSED", details: { reasonCode: 0x87 } });
  expect(device.ledger.totals.acknowledged).toBe(0);
  await device.close();
});

test("a device whose login is refused says so until it is switched off; one that is only not served does not", async () => {
  const [refused, unserved] = [
    await run(() => 0, { readings: 0, connackCode: 0x86 }),
    await run(() => 0, { readings: 0, connackCode: 0x88 }),
  ];
  await eventually("refused", () => refused.runner.isRefused);
  await eventually("unserved", () => unserved.failures.length, Boolean);
  expect(unserved.runner.isRefused).toBe(false);
  refused.runner.switch(false);
  await eventually(
    "forgotten",
    () => refused.runner.isRefused,
    (isRefused) => !isRefused,
  );
  await Promise.all([refused.close(), unserved.close()]);
});

test("a session that another process took is told with its reason code", async () => {
  const device = await run(() => 0);
  await eventually(
    "all acknowledged",
    () => device.ledger.waiting,
    (count) => count === 0,
  );
  device.broker.disconnect(0x8e);
  await eventually("told", () => device.ends[0]);
  expect(device.ends[0]).toEqual({ isLost: true, reasonCode: 0x8e });
  await device.close();
});
