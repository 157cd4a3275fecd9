import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, freePort, ServerProcess, temporaryDirectory } from "#testkit";
import { processesNamed, reloadBroker } from "../broker-process.ts";
import { newProcessName, startTestAgent, value, type Agent } from "./world.ts";

/**
 * Has the name of the broker and starts as slowly as it is told to: the first step at once, the second when the file `go`
 * is there. Without the step `handle` SIGHUP ends it, as it ends a broker that loads its database.
 */
const SLOW_STARTER = `
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
const [name, port, directory, first, second] = process.argv.slice(2);
const steps = {
  listen: () => createServer((socket) => socket.on("error", () => {}).resume()).listen(Number(port), "127.0.0.1"),
  handle: () => process.on("SIGHUP", () => writeFileSync(directory + "/told", existsSync(directory + "/go") ? "late" : "early")),
};
steps[first]();
setInterval(() => {}, 1000);
writeFileSync("/proc/self/comm", name);
writeFileSync(directory + "/started", "");
const waiting = setInterval(() => {
  if (!existsSync(directory + "/go")) return;
  clearInterval(waiting);
  steps[second]();
}, 20);
`;

let agent: Agent | undefined;
let broker: ServerProcess | undefined;
afterEach(async () => {
  await agent?.stop();
  await broker?.kill();
});

test.each([
  ["does not listen yet", "handle", "listen"],
  ["listens and has no handler yet", "listen", "handle"],
])("a broker that %s gets no SIGHUP, and one as soon as it has both", async (_name, first, second) => {
  const [directory, name, port] = [temporaryDirectory("slow-starter"), newProcessName(), await freePort()];
  const told = join(directory, "told");
  // Before the broker: nobody has that name yet.
  agent = startTestAgent({ url: `mqtt://127.0.0.1:${port}`, files: [script(directory)], processName: name });
  broker = await startSlowly({ directory, name, port, first, second });
  expect(await processesNamed(name)).toEqual([broker.pid]);
  await systemClock.sleep(500);
  expect([broker.isRunning, existsSync(told)]).toEqual([true, false]);
  expect(await value(agent.registry, "mosquitto_agent_reloads_total")).toBe(0);
  writeFileSync(join(directory, "go"), "");
  await eventually(
    "it is told",
    () => existsSync(told) && readFileSync(told, "utf8"),
    (text) => text === "late",
  );
  expect(await value(agent.registry, "mosquitto_agent_reloads_total")).toBe(1);
});

test("a broker that took the place of the one that listened gets no SIGHUP", async () => {
  const [directory, name, port] = [temporaryDirectory("slow-starter"), newProcessName(), await freePort()];
  const start = { directory, name, port, first: "handle", second: "listen" };
  broker = await startSlowly(start);
  const isReplaced = async (): Promise<boolean> => {
    await broker?.kill();
    broker = await startSlowly(start);
    return true;
  };
  expect(await reloadBroker(name, isReplaced)).toBe(false);
  expect(existsSync(join(directory, "told"))).toBe(false);
  expect(await reloadBroker(name, () => Promise.resolve(true))).toBe(true);
  await eventually("it is told", () => existsSync(join(directory, "told")));
});

function script(directory: string): string {
  const path = join(directory, "slow-starter.mjs");
  writeFileSync(path, SLOW_STARTER);
  return path;
}

function startSlowly(start: {
  directory: string;
  name: string;
  port: number;
  first: string;
  second: string;
}): Promise<ServerProcess> {
  const { directory, name, port, first, second } = start;
  const started = join(directory, "started");
  rmSync(started, { force: true });
  return ServerProcess.start({
    ...{ name: "slow-starter", directory, isTemporary: true, command: process.execPath },
    args: [script(directory), name, String(port), directory, first, second],
    isReady: () => existsSync(started),
  });
}
