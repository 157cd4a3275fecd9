import { pbkdf2Sync, randomBytes } from "node:crypto";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import { MqttConnection } from "#mqtt";
import { Readiness, silentLogger, systemClock, type RunningService, StopDeadline } from "#runtime";
import { eventually, mosquittoBinary, startMosquitto, temporaryDirectory, type Mosquitto } from "#testkit";
import { processesNamed } from "../broker-process.ts";
import { PROBE_TOPIC, readConfig } from "../config.ts";
import { startAgent } from "../service.ts";

/** A broker under a name of its own, so that no other test's broker gets the signal. */
interface World {
  readonly mosquitto: Mosquitto;
  readonly agent: RunningService;
  readonly readiness: Readiness;
  readonly registry: Registry;
  readonly processName: string;
  readonly setUsers: (...users: string[]) => void;
}

let world: World | undefined;
afterEach(async () => {
  await world?.agent.stop(new StopDeadline(systemClock, 5000));
  await world?.mosquitto.server.stop();
  world = undefined;
});

test("a new user is let in without a restart, and those who are connected stay", async () => {
  const { setUsers, mosquitto, registry } = (world = await start());
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
  const { readiness, registry, processName } = (world = await start());
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
  const { registry } = (world = await start());
  const received = (): Promise<number> => value(registry, "mosquitto_publish_received_total");
  await eventually("a publish is counted", received, (count) => count > 0);
});

async function start(): Promise<World> {
  const directory = temporaryDirectory("mosquitto-agent");
  const processName = `mosq-${randomBytes(4).toString("hex")}`;
  const binary = join(directory, processName);
  symlinkSync(mosquittoBinary()!, binary);
  const [passwords, rules] = [join(directory, "passwords"), join(directory, "rules")];
  const setUsers = (...users: string[]): void =>
    writeFileSync(passwords, users.map(passwordLine).join(""), { mode: 0o600 });
  setUsers("agent");
  writeFileSync(rules, `user agent\ntopic write ${PROBE_TOPIC}\ntopic read $SYS/#\n`, { mode: 0o600 });
  const settings = ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${rules}`, "sys_interval 1"];
  const mosquitto = await startMosquitto({ binary, settings });
  const { config } = readConfig({
    MQTT_URL: mosquitto.url,
    MQTT_USERNAME: "agent",
    MQTT_PASSWORD: "agent's",
    WATCHED_FILES: `${passwords},${rules}`,
    WATCH_INTERVAL: "50ms",
    CHECK_INTERVAL: "50ms",
    CHECK_TIMEOUT: "1s",
    BROKER_PROCESS: processName,
  });
  const [readiness, registry] = [new Readiness(), new Registry()];
  const agent = startAgent({
    ...{ config, readiness, registry, log: silentLogger, clock: systemClock },
    stopping: new AbortController().signal,
    serveJson: () => undefined,
    fail: (error) => {
      throw error;
    },
  });
  return { mosquitto, agent, readiness, registry, processName, setUsers };
}

/** A line of Mosquitto's password file: https://mosquitto.org/man/mosquitto_passwd-1.html */
function passwordLine(user: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(`${user}'s`, salt, 101, 64, "sha512");
  return `${user}:$7$101$${salt.toString("base64")}$${hash.toString("base64")}\n`;
}

function connectAs(user: string, { url }: Mosquitto): Promise<MqttConnection> {
  const identity = { clientId: `test-${user}`, username: user, password: `${user}'s` };
  return MqttConnection.open({ url, ...identity, keepaliveSeconds: 60, sessionExpirySeconds: 0 }, systemClock);
}

async function value(registry: Registry, name: string): Promise<number> {
  const metric = (await registry.getMetricsAsJSON()).find((each) => each.name === name);
  return metric?.values[0]?.value ?? NaN;
}
