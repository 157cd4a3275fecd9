import { afterEach, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { processesNamed } from "../broker-process.ts";
import { connectAs, startWorld, value, type World } from "./world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

test("a new user is let in without a restart, and those who are connected stay", async () => {
  const { setUsers, mosquitto, registry } = (world = await startWorld());
  const reloads = (): Promise<number> => value(registry, "mosquitto_agent_reloads_total");
  await eventually("the broker is told at the start", reloads, (count) => count === 1);
  const before = await connectAs("agent", mosquitto);
  await expect(connectAs("later", mosquitto)).rejects.toThrow();
  setUsers("agent", "later");
  const later = await eventually("the new user is let in", () => connectAs("later", mosquitto));
  later.destroy();
  expect(before.isAlive).toBe(true);
  before.destroy();
  expect(await reloads()).toBe(2);
});

test("a broker that hangs is not ready, and ready again when it goes on", async () => {
  const { readiness, registry, processName } = (world = await startWorld());
  await eventually("the broker answers", () => readiness.isReady);
  expect(await value(registry, "mosquitto_up")).toBe(1);
  const [pid = 0] = await processesNamed(processName);
  process.kill(pid, "SIGSTOP");
  try {
    await eventually("the broker hangs", () => !readiness.isReady);
    expect(readiness.reasons()["broker"]).toMatch(/no answer within 1000 ms|cannot be reached/);
    expect(await value(registry, "mosquitto_up")).toBe(0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await eventually("the broker answers", () => readiness.isReady);
});

test("the broker's own counts become metrics", async () => {
  const { registry } = (world = await startWorld());
  const received = (): Promise<number> => value(registry, "mosquitto_publish_received_total");
  await eventually("a publish is counted", received, (count) => count > 0);
});

test("the broker's own CPU time and memory become metrics, and end with it", async () => {
  const { registry, mosquitto } = (world = await startWorld());
  const [memory, cpu] = ["mosquitto_process_resident_memory_bytes", "mosquitto_process_cpu_seconds_total"] as const;
  const bytes = await eventually(
    "its memory is shown",
    () => value(registry, memory),
    (found) => found > 0,
  );
  expect(bytes).toBeGreaterThan(2 ** 20);
  expect(bytes).toBeLessThan(2 ** 28);
  const work = async (): Promise<number> => {
    (await connectAs("agent", mosquitto)).destroy();
    return value(registry, cpu);
  };
  const seconds = await eventually("its CPU time rises with its work", work, (found) => found > 0, {
    timeoutMs: 30_000,
  });
  await mosquitto.server.stop();
  await eventually(
    "its memory is gone",
    () => value(registry, memory),
    (found) => found === 0,
  );
  expect(await value(registry, cpu)).toBeGreaterThanOrEqual(seconds);
});

test("a broker that was away is told of what changed meanwhile, and lives on", async () => {
  const { setUsers, mosquitto, registry, processName } = (world = await startWorld());
  const reloads = (): Promise<number> => value(registry, "mosquitto_agent_reloads_total");
  await eventually("the broker is told at the start", reloads, (count) => count === 1);
  await mosquitto.server.stop();
  setUsers("agent", "later");
  await systemClock.sleep(300);
  expect(await reloads()).toBe(1);
  await mosquitto.server.start();
  await eventually("the broker is told again", reloads, (count) => count === 2);
  (await connectAs("later", mosquitto)).destroy();
  expect(await processesNamed(processName)).toEqual([mosquitto.server.process.pid]);
});
