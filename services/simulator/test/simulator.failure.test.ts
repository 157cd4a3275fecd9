import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, TcpProxy } from "#testkit";
import { audit, nothingWrongAndInOrder, World, type Recorder, type RunningSimulator } from "./world.ts";

let world: World;
let proxy: TcpProxy;
beforeAll(async () => {
  world = await World.start();
  proxy = await TcpProxy.start(world.mosquitto.port);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const PUBACK = 0x40;

async function settle(simulator: RunningSimulator, recorder: Recorder, minimum: number): Promise<void> {
  const repeats = await simulator.metric("simulator_repeats_total");
  expect(await simulator.process.stop(30_000)).toEqual({ code: 0, signal: null });
  const report = simulator.ledgerFile();
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  const result = audit(report, recorder.telemetry);
  const made = report.devices.reduce((sum, device) => sum + device.made, 0);
  console.log(`${made} readings, ${repeats} repeats, ${result.duplicates} duplicates`);
  expect(report).toMatchObject({ notMade: 0, complete: true });
  // A broker that stops may deliver to its subscriber again what that has acknowledged.
  expect({ ...result, unexplained: [] }).toMatchObject(nothingWrongAndInOrder);
  expect(made).toBeGreaterThan(minimum);
  expect(repeats).toBeGreaterThan(0);
}

test("the broker is stopped and started under load, five times: all is sent again, nothing is missing, in order", async () => {
  const recorder = await world.recorder("sensors/broker/+/+/telemetry");
  const simulator = await world.simulator(
    "name: broker\ndevices: 200\ninterval: 100ms\njitter: 50ms\nconnectsPerSecond: 500\n",
  );
  for (let stop = 0; stop < 5; stop += 1) {
    await systemClock.sleep(1000 + 137 * stop);
    await world.mosquitto.server.stop();
    await systemClock.sleep(500);
    await world.mosquitto.server.start();
    await eventually(
      "all again",
      () => simulator.metric("simulator_connected"),
      (count) => count === 200,
      {
        timeoutMs: 30_000,
      },
    );
  }
  await settle(simulator, recorder, 10_000);
});

test("the network breaks under load, before PUBACKs and after, twenty times: nothing missing, in order", async () => {
  const recorder = await world.recorder("sensors/network/+/+/telemetry");
  const simulator = await world.simulator("name: network\ndevices: 100\ninterval: 50ms\nconnectsPerSecond: 1000\n", {
    MQTT_URL: `mqtt://127.0.0.1:${proxy.port}`,
  });
  for (let breaks = 0; breaks < 20; breaks += 1) {
    await eventually(
      "all again",
      () => simulator.metric("simulator_connected"),
      (count) => count === 100,
    );
    await systemClock.sleep(150);
    if (breaks % 2 === 0) proxy.stall("toClient");
    await systemClock.sleep(200);
    const broken = Promise.withResolvers<undefined>();
    proxy.onChunk = (direction, chunk) => {
      if (breaks % 2 === 1 && (direction !== "toClient" || chunk[0] !== PUBACK)) return;
      proxy.onChunk = undefined;
      proxy.breakConnections();
      broken.resolve(undefined);
    };
    await broken.promise;
    proxy.heal();
  }
  await settle(simulator, recorder, 5000);
});

test("the broker stands still: publishes in flight are bounded, then it catches up in order", async () => {
  const recorder = await world.recorder("sensors/still/+/+/telemetry");
  const simulator = await world.simulator("name: still\ndevices: 50\ninterval: 20ms\nmaxInFlight: 3\n");
  await systemClock.sleep(1000);
  world.mosquitto.server.pause();
  await systemClock.sleep(3000);
  const ended = await simulator.metric("simulator_publish_seconds_count");
  const begun =
    (await simulator.metric("simulator_readings_sent_total")) + (await simulator.metric("simulator_repeats_total"));
  expect(begun - ended).toBeLessThanOrEqual(50 * 3);
  expect(await simulator.metric("simulator_unacknowledged")).toBeGreaterThan(50 * 50);
  world.mosquitto.server.resume();
  await eventually(
    "caught up",
    () => simulator.metric("simulator_unacknowledged"),
    (count) => count < 50 * 3,
  );
  expect(await simulator.process.stop()).toMatchObject({ code: 0 });
  const report = simulator.ledgerFile();
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
  );
  expect(audit(report, recorder.telemetry)).toMatchObject(nothingWrongAndInOrder);
});
