import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, mosquittoPasswordLine, temporaryDirectory } from "#testkit";
import { World, type RunningSimulator } from "./world.ts";

const DEVICES = 20;
/** Attempts after which every device's pauses are a random part of several seconds. */
const EARLY_ATTEMPTS = 8;
const PATIENT = { timeoutMs: 25_000 };

const directory = temporaryDirectory("login");
const passwords = join(directory, "passwords");
let world: World;
beforeAll(async () => {
  writeFileSync(passwords, "", { mode: 0o600 });
  world = await World.start({ settings: ["allow_anonymous false", `password_file ${passwords}`] });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** As an administrator does: another password file (https://mosquitto.org/man/mosquitto_passwd-1.html), and a signal. */
function setPassword(user: string, password: string): void {
  writeFileSync(passwords, mosquittoPasswordLine(user, password), { mode: 0o600 });
  process.kill(world.mosquitto.server.process.pid, "SIGHUP");
}

async function until(simulator: RunningSimulator, wanted: { connected: number; refused: number }): Promise<void> {
  const isThere = ({ connected, refused }: Record<string, unknown>): boolean =>
    connected === wanted.connected && refused === wanted.refused;
  await eventually(JSON.stringify(wanted), () => simulator.summary(), isThere, PATIENT);
  expect(await simulator.metric("simulator_refused")).toBe(wanted.refused);
  expect(await simulator.metric("simulator_connected")).toBe(wanted.connected);
}

/** Started with a password that the broker does not know. */
async function refusedFleet(name: string): Promise<RunningSimulator> {
  const simulator = await world.simulator(
    `name: ${name}\ndevices: ${DEVICES}\ninterval: 1s\nconnectsPerSecond: 1000\n`,
    { MQTT_USERNAME: name, MQTT_PASSWORD: "right" },
    (log) => log.includes("trying again"),
  );
  await until(simulator, { connected: 0, refused: DEVICES });
  return simulator;
}

test("a login that is refused counts all devices, hammers nobody, counts none once it is admitted, and all again", async () => {
  const simulator = await refusedFleet("city");
  const failures = (): Promise<number> => simulator.metric("simulator_connects_failed_total");
  await eventually("many attempts", failures, (count) => count >= DEVICES * EARLY_ATTEMPTS, PATIENT);
  const [firstCount, startMs] = [await failures(), systemClock.monotonicMs()];
  await eventually("more", failures, (count) => count >= firstCount + 2 * DEVICES, PATIENT);
  const attemptsPerSecond = ((await failures()) - firstCount) / ((systemClock.monotonicMs() - startMs) / 1000);
  expect(attemptsPerSecond / DEVICES).toBeLessThan(1);

  setPassword("city", "right");
  await until(simulator, { connected: DEVICES, refused: 0 });
  // Mosquitto ends the connections of those whose password is no longer the right one.
  setPassword("city", "another");
  await until(simulator, { connected: 0, refused: DEVICES });
  await simulator.process.kill();
});

test("a broker that is away refuses nobody, and when it returns it refuses again", async () => {
  const simulator = await refusedFleet("town");
  await world.mosquitto.server.stop();
  await until(simulator, { connected: 0, refused: 0 });
  await world.mosquitto.server.start();
  await until(simulator, { connected: 0, refused: DEVICES });
});
