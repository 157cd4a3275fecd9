import { randomBytes } from "node:crypto";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { MqttConnection } from "#mqtt";
import { Readiness, silentLogger, StopDeadline, systemClock, type Clock } from "#runtime";
import { mosquittoBinary, mosquittoPasswordLine, startMosquitto, temporaryDirectory, type Mosquitto } from "#testkit";
import { PROBE_TOPIC, readConfig } from "../config.ts";
import { startAgent } from "../service.ts";

/** A broker under a name of its own, so that no other test's broker gets the signal, and an agent beside it. */
export interface World extends Agent {
  readonly mosquitto: Mosquitto;
  readonly processName: string;
  readonly setUsers: (...users: string[]) => void;
}

export interface WorldOptions {
  /** Users at the start; default: the agent. */
  readonly users?: readonly string[];
  readonly clock?: Clock;
  /** More lines for mosquitto.conf. */
  readonly settings?: readonly string[];
  /** Where the agent looks for the broker; default: the listener without TLS. */
  readonly url?: string;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const directory = temporaryDirectory("mosquitto-agent");
  const processName = newProcessName();
  const binary = join(directory, processName);
  symlinkSync(mosquittoBinary()!, binary);
  const [passwords, rules] = [join(directory, "passwords"), join(directory, "rules")];
  const setUsers = (...users: string[]): void =>
    writeFileSync(passwords, users.map((user) => mosquittoPasswordLine(user, `${user}'s`)).join(""), { mode: 0o600 });
  setUsers(...(options.users ?? ["agent"]));
  writeFileSync(rules, `user agent\ntopic write ${PROBE_TOPIC}\ntopic read $SYS/#\n`, { mode: 0o600 });
  const settings = ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${rules}`, "sys_interval 1"];
  const mosquitto = await startMosquitto({ binary, settings: [...settings, ...(options.settings ?? [])] });
  const url = options.url ?? mosquitto.url;
  const agent = startTestAgent({ url, files: [passwords, rules], processName, clock: options.clock });
  const stop = async (): Promise<void> => {
    await agent.stop();
    await mosquitto.server[Symbol.asyncDispose]();
  };
  return { ...agent, stop, mosquitto, processName, setUsers };
}

export interface Agent {
  readonly readiness: Readiness;
  readonly registry: Registry;
  /** What it gave to `fail`. */
  readonly failures: readonly unknown[];
  /** Ends everything that was started. */
  readonly stop: () => Promise<void>;
}

export function startTestAgent(options: {
  url: string;
  files: readonly string[];
  processName: string;
  clock?: Clock | undefined;
}): Agent {
  const { config } = readConfig({
    MQTT_URL: options.url,
    MQTT_USERNAME: "agent",
    MQTT_PASSWORD: "agent's",
    WATCHED_FILES: options.files.join(","),
    WATCH_INTERVAL: "50ms",
    CHECK_INTERVAL: "50ms",
    CHECK_TIMEOUT: "1s",
    BROKER_PROCESS: options.processName,
  });
  const [readiness, registry, failures] = [new Readiness(), new Registry(), new Array<unknown>()];
  const agent = startAgent({
    ...{ config, readiness, registry, log: silentLogger, clock: options.clock ?? systemClock },
    stopping: new AbortController().signal,
    serveJson: () => undefined,
    fail: (error) => failures.push(error),
  });
  return { readiness, registry, failures, stop: () => agent.stop(new StopDeadline(systemClock, 5000)) };
}

export function newProcessName(): string {
  return `mosq-${randomBytes(4).toString("hex")}`;
}

export function connectAs(user: string, { url }: Mosquitto): Promise<MqttConnection> {
  const identity = { clientId: `test-${user}`, username: user, password: `${user}'s` };
  return MqttConnection.open({ url, ...identity, keepaliveSeconds: 60, sessionExpirySeconds: 0 }, systemClock);
}

export async function value(registry: Registry, name: string): Promise<number> {
  const metric = (await registry.getMetricsAsJSON()).find((each) => each.name === name);
  return metric?.values[0]?.value ?? NaN;
}
