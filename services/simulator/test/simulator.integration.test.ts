import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultTypes } from "#fleets";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { audit, nothingWrong, nothingWrongAndInOrder, World, type Message } from "./world.ts";

const MINUTE_MS = 60_000;
const MAIN = "services/simulator/main.ts";
const NO_SUBSCRIBERS = 'simulator_publishes_total{outcome="noSubscribers"}';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const json = ({ payload }: Message): Record<string, unknown> =>
  JSON.parse(payload.toString()) as Record<string, unknown>;

/** Another fleet for each test, so that they share a broker. */
let fleets = 0;
const tenantOf = (): string => `fleet-${(fleets += 1)}`;

test("2,000 devices connect, each with its own client id, session and will", async () => {
  const tenant = tenantOf();
  const recorder = await world.recorder(`sensors/${tenant}/#`);
  const simulator = await world.simulator(`name: ${tenant}\ndevices: 2000\ninterval: 10s\nconnectsPerSecond: 1000\n`);
  expect(await simulator.metric("simulator_connected")).toBe(2000);
  const connects = [...world.mosquitto.server.process.log().matchAll(/ as (fleet-\S+) \((p5, c0), k60\)/g)];
  const ids = connects.map(([, clientId]) => clientId).filter((id) => id?.startsWith(`${tenant}:`));
  expect(ids).toHaveLength(2000);
  expect(new Set(ids).size).toBe(2000);
  await simulator.process.kill();
  const wills = (): string[] =>
    recorder.messages.filter(({ topic }) => topic.endsWith("/status")).map(({ topic }) => topic);
  await eventually(
    "2,000 wills",
    () => wills().length,
    (count) => count === 2000,
    { timeoutMs: 20_000 },
  );
  expect(new Set(wills()).size).toBe(2000);
});

test("SIGTERM under load, with every fault: exit 0, a complete ledger, and all of it arrived with its fate", async () => {
  const tenant = tenantOf();
  const recorder = await world.recorder(`sensors/${tenant}/+/+/telemetry`);
  const episode = "devices: 20%, every: 3s, duration: 1s";
  const simulator = await world.simulator(`
name: ${tenant}
devices: 100
interval: 200ms
jitter: 50ms
history: 5m
faults:
  - { type: Disconnect, ${episode} }
  - { type: Duplicate, readings: 5% }
  - { type: Late, readings: 5%, delay: 2s }
  - { type: OutOfOrder, readings: 5% }
  - { type: CorruptPayload, readings: 5% }
  - { type: StuckValue, field: humidity_pct, ${episode} }
  - { type: Drift, field: temperature_c, perHour: 9, ${episode} }
  - { type: Spike, field: temperature_c, by: 50, readings: 5% }
  - { type: ClockSkew, offsetSeconds: -60, ${episode} }
`);
  await eventually(
    "2,000 readings",
    () => simulator.metric("simulator_readings_acknowledged_total"),
    (n) => n > 2000,
  );
  for (const type of faultTypes)
    expect([type, await simulator.metric(`simulator_faults_total{type="${type}"}`)]).not.toEqual([type, 0]);
  expect(await simulator.process.stop()).toEqual({ code: 0, signal: null });
  const report = simulator.ledgerFile();
  expect(report).toMatchObject({ tenant, notMade: 0, complete: true });
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
  );
  const result = audit(report, recorder.telemetry);
  expect(result).toMatchObject(nothingWrong);
  const rejected = report.devices.reduce((sum, device) => sum + device.acknowledged.rejected, 0);
  expect([rejected > 50, result.duplicates > 50, result.outOfOrder.length > 50]).toEqual([true, true, true]);
});

test("while nobody is subscribed readings are sent again, and then arrive in order, the first one first", async () => {
  const tenant = tenantOf();
  const simulator = await world.simulator(`name: ${tenant}\ndevices: 20\ninterval: 100ms\n`);
  await eventually(
    "refused",
    () => simulator.metric(NO_SUBSCRIBERS),
    (count) => count > 100,
  );
  expect(await simulator.metric("simulator_readings_acknowledged_total")).toBe(0);
  const recorder = await world.recorder(`sensors/${tenant}/+/+/telemetry`);
  await eventually(
    "caught up",
    () => simulator.metric("simulator_unacknowledged"),
    (count) => count < 20,
  );
  expect(await simulator.process.stop()).toMatchObject({ code: 0 });
  const report = simulator.ledgerFile();
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
  );
  expect(audit(report, recorder.telemetry)).toMatchObject(nothingWrongAndInOrder);
  expect(report.devices.every(({ acknowledged }) => acknowledged.stored > 10)).toBe(true);
});

test("the past comes first, all devices in step, without a gap to the present; the same seed gives the same readings", async () => {
  const tenant = tenantOf();
  const run = async (): Promise<Message[]> => {
    const recorder = await world.recorder(`sensors/${tenant}/+/+/telemetry`);
    const simulator = await world.simulator(`name: ${tenant}\ndevices: 30\ninterval: 1s\nhistory: 2h\n`, {}, (log) =>
      log.includes("the past is published"),
    );
    await systemClock.sleep(3000);
    expect(await simulator.process.stop()).toMatchObject({ code: 0 });
    const report = simulator.ledgerFile();
    await eventually(
      "all is here",
      () => audit(report, recorder.telemetry),
      ({ missing }) => missing.length === 0,
    );
    expect(audit(report, recorder.telemetry)).toMatchObject(nothingWrongAndInOrder);
    return recorder.telemetry;
  };
  const first = await run();
  const minutes = first.map((message) => Math.floor((json(message)["event_time"] as number) / MINUTE_MS));
  const past = minutes.slice(0, 30 * 119);
  for (const [index, minute] of past.entries()) expect(minute).toBeGreaterThanOrEqual(past[index - 1] ?? 0);
  expect(new Set(past).size).toBeGreaterThanOrEqual(119);
  for (const own of Map.groupBy(first, ({ topic }) => topic).values()) {
    const times = own.map((message) => json(message)["event_time"] as number).toSorted((a, b) => a - b);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    // From the past's last minute to the first live reading, which is due at most one interval later.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(MINUTE_MS + 1000);
    expect(gaps.filter((gap) => gap === 1000).length).toBeGreaterThanOrEqual(2);
  }
  const content = (message: Message): [string, string] => {
    const rest = { ...json(message), boot_id: undefined, seq: undefined };
    return [`${message.topic} ${String(json(message)["event_time"])}`, JSON.stringify(rest)];
  };
  const [one, other] = [new Map(first.map(content)), new Map((await run()).map(content))];
  const common = [...one.keys()].filter((key) => other.has(key));
  expect(common.length).toBeGreaterThan(30 * 110);
  for (const key of common) expect(other.get(key)).toBe(one.get(key));
});

test("a process may be a part of a fleet, and stages switch devices on and off", async () => {
  const tenant = tenantOf();
  const recorder = await world.recorder(`sensors/${tenant}/#`);
  const stages =
    "[{ duration: 1s, devicesPercent: 0 }, { duration: 2s, devicesPercent: 70 }, { duration: 1s, devicesPercent: 60 }]";
  const simulator = await world.simulator(
    `name: ${tenant}\ndevices: 10\ninterval: 100ms\nstages: ${stages}\n`,
    { FIRST_DEVICE: "5", DEVICE_COUNT: "3" },
    (log) => log.includes("devices start"),
  );
  const on = (): Promise<number> => simulator.metric("simulator_connected");
  for (const count of [0, 2, 1]) await eventually(`${count} on`, on, (seen) => seen === count);
  const made = (): Promise<number> => simulator.metric("simulator_readings_made_total");
  const madeByBoth = await made();
  await eventually("the one goes on alone", made, (count) => count > madeByBoth + 3);
  expect(await simulator.process.stop()).toMatchObject({ code: 0 });
  const report = simulator.ledgerFile();
  expect(report.devices.map(({ sensorId }) => sensorId)).toEqual([6, 7, 8].map((n) => `${tenant}-00000${n}`));
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
  );
  expect(audit(report, recorder.telemetry)).toMatchObject(nothingWrongAndInOrder);
  const [always, sometimes, never] = report.devices.map(({ made }) => made);
  expect(always! > sometimes! && sometimes! > 0 && never === 0).toBe(true);
  // Who is switched off says goodbye.
  expect(recorder.messages.filter(({ topic }) => topic.endsWith("/status"))).toEqual([]);
});

test("devices that lose the network get their will published, and send afterwards", async () => {
  const tenant = tenantOf();
  const recorder = await world.recorder(`sensors/${tenant}/#`);
  const simulator = await world.simulator(
    `name: ${tenant}\ndevices: 5\ninterval: 100ms\nfaults: [{ type: Disconnect, devices: 100%, every: 2s, duration: 1s }]\n`,
    {},
    (log) => log.includes("devices start"),
  );
  await eventually(
    "wills",
    () => recorder.messages.filter(({ topic }) => topic.endsWith("/status")).length,
    (n) => n >= 5,
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

test("a second SIGTERM exits at once, without waiting for PUBACKs", async () => {
  const tenant = tenantOf();
  const simulator = await world.simulator(`name: ${tenant}\ndevices: 10\ninterval: 50ms\n`);
  await eventually(
    "unacknowledged",
    () => simulator.metric("simulator_unacknowledged"),
    (count) => count > 10,
  );
  process.kill(simulator.process.pid, "SIGTERM");
  await eventually("stopping", () => simulator.process.log().includes('"stopping"'));
  expect(simulator.process.isRunning).toBe(true);
  process.kill(simulator.process.pid, "SIGTERM");
  expect(await simulator.process.exited).toEqual({ code: 4, signal: null });
});

test("a stop whose PUBACKs do not come says so: exit 3, a ledger that is not complete", async () => {
  const tenant = tenantOf();
  const simulator = await world.simulator(`name: ${tenant}\ndevices: 10\ninterval: 100ms\n`, {
    STOP_GRACE_PERIOD: "2s",
  });
  await eventually(
    "unacknowledged",
    () => simulator.metric("simulator_unacknowledged"),
    (count) => count > 10,
  );
  expect(await simulator.ledger()).toMatchObject({ tenant, complete: false });
  expect(await simulator.process.stop()).toEqual({ code: 3, signal: null });
  const { complete, devices } = simulator.ledgerFile();
  expect(complete).toBe(false);
  expect(devices.every(({ made, acknowledged }) => made > 0 && acknowledged.stored === 0)).toBe(true);
});

test("a full ledger makes no more readings, counts them, and leaves no gap", async () => {
  const tenant = tenantOf();
  const simulator = await world.simulator(`name: ${tenant}\ndevices: 10\ninterval: 50ms\n`, { MAX_WAITING: "100" });
  await eventually(
    "not made",
    () => simulator.metric("simulator_not_made_total"),
    (count) => count > 50,
  );
  expect(await simulator.metric("simulator_unacknowledged")).toBe(100);
  const recorder = await world.recorder(`sensors/${tenant}/+/+/telemetry`);
  await eventually(
    "made again",
    () => simulator.metric("simulator_readings_made_total"),
    (count) => count > 300,
  );
  expect(await simulator.process.stop()).toMatchObject({ code: 0 });
  const report = simulator.ledgerFile();
  expect(report.notMade).toBeGreaterThan(50);
  await eventually(
    "all is here",
    () => audit(report, recorder.telemetry),
    ({ missing }) => missing.length === 0,
  );
  expect(audit(report, recorder.telemetry)).toMatchObject(nothingWrongAndInOrder);
});

test("another process with the same devices is noticed where the broker says so, else both go on", async () => {
  const tenant = tenantOf();
  await world.recorder(`sensors/${tenant}/+/+/telemetry`);
  const fleet = `name: ${tenant}\ndevices: 1\ninterval: 100ms\n`;
  const one = await world.simulator(fleet);
  await world.simulator(fleet, {}, (log) => log.includes("all devices are connected"));
  await eventually("noticed", async () => {
    return !one.process.isRunning || (await one.metric("simulator_connections_lost_total")) > 0;
  });
});

test("--help explains itself, a bad fleet file is exit code 2 with file, line and field", () => {
  expect(execFileSync(process.execPath, [MAIN, "--help"], { encoding: "utf8" })).toMatch(/ FLEET_FILE +text /);
  const environment = { FLEET_FILE: MAIN, MQTT_URL: "mqtt://127.0.0.1:1" };
  const { status, stderr } = spawnSync(process.execPath, [MAIN], { env: environment, encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/services\/simulator\/main\.ts:\d+: /)]);
});

test("follows its fleet file: more devices, a stage, fewer, a wrong file; devices stay the same, nothing is lost", async () => {
  const tenant = tenantOf();
  const recorder = await world.recorder(`sensors/${tenant}/+/+/telemetry`);
  const text = (rest: string): string => `name: ${tenant}\ninterval: 100ms\n${rest}\n`;
  const environment = { FLEET_RELOAD_INTERVAL: "100ms", PART_INDEX: "1", PART_DEVICES: "4" };
  const simulator = await world.simulator(text("devices: 6"), environment);
  const until = async (wanted: Record<string, unknown>): Promise<void> => {
    const isThere = (seen: Record<string, unknown>): boolean =>
      Object.entries(wanted).every(([name, value]) => seen[name] === value);
    await eventually(JSON.stringify(wanted), () => simulator.summary(), isThere);
  };
  await until({ devices: 2, on: 2, connected: 2 });
  const bootIds = new Map((await simulator.ledger()).devices.map(({ sensorId, bootId }) => [sensorId, bootId]));
  expect([...bootIds.keys()]).toEqual([`${tenant}-000005`, `${tenant}-000006`]);

  simulator.changeFleet(text("devices: 20\nfaults: [{ type: Duplicate, readings: 50% }]"));
  await until({ devices: 4, on: 4, connected: 4 });
  const past = new Date(systemClock.nowMs() - 60_000).toISOString();
  const half = `startTime: ${past}\nstages: [{ duration: 1s, devicesPercent: 30 }]`;
  simulator.changeFleet(text(`devices: 20\n${half}`));
  await until({ devices: 4, on: 2, connected: 2 });
  simulator.changeFleet(text("devices: 5"));
  await until({ devices: 1, on: 1, connected: 1 });
  simulator.changeFleet(text("devices: 4"));
  await until({ devices: 0, on: 0, connected: 0 });
  simulator.changeFleet(text("devices: 8"));
  await until({ devices: 4, on: 4, connected: 4 });

  simulator.changeFleet(text("devices: -1"));
  await eventually("the problem is told", async () =>
    String((await simulator.summary())["problem"]).includes("devices"),
  );
  simulator.changeFleet(text("devices: 8\nseed: 9"));
  await eventually("so is this one", async () =>
    String((await simulator.summary())["problem"]).includes("new process"),
  );
  await until({ devices: 4, on: 4 });
  simulator.changeFleet(text("devices: 7"));
  await until({ devices: 3, on: 3, problem: undefined });

  expect((await simulator.process.stop()).code).toBe(0);
  const ledger = simulator.ledgerFile();
  expect(ledger.complete).toBe(true);
  expect(ledger.devices).toHaveLength(4);
  for (const { sensorId, bootId } of ledger.devices) expect(bootId).toBe(bootIds.get(sensorId) ?? bootId);
  await eventually(
    "all arrived",
    () => audit(ledger, recorder.telemetry),
    (found) => found.missing.length === 0,
  );
  expect(audit(ledger, recorder.telemetry)).toMatchObject({ missing: [], wrong: [] });
});
