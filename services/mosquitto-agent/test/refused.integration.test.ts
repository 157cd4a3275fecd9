import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { X509CertificateGenerator } from "@peculiar/x509";
import { afterEach, expect, test } from "vitest";
import { systemClock, type Clock } from "#runtime";
import { eventually, freePort, temporaryDirectory } from "#testkit";
import { NEVER_LET_IN_LIMIT_MS, REFUSED_LIMIT_MS } from "../broker-health.ts";
import { connectAs, startWorld, value, type World } from "./world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

test("a broker that no longer knows the agent stays ready, and the agent ends itself after a while", async () => {
  const time = new SkippingTime();
  const { readiness, registry, setUsers, failures, mosquitto } = (world = await startWorld({ clock: time.clock }));
  const received = (): Promise<number> => value(registry, "mosquitto_publish_received_total");
  await eventually("the broker's counts are known", received, (count) => count > 0);

  setUsers("other");
  await eventually("the agent is refused", () => value(registry, "mosquitto_agent_refused"), Boolean);
  expect([readiness.isReady, await value(registry, "mosquitto_up")]).toEqual([true, 1]);
  expect(await received()).toBeGreaterThan(0);
  (await connectAs("other", mosquitto)).destroy();
  await systemClock.sleep(300);
  expect(failures).toEqual([]);
  time.skip(REFUSED_LIMIT_MS);
  const [failure] = await eventually(
    "the agent ends itself",
    () => failures,
    ({ length }) => length > 0,
  );
  expect(failure).toMatchObject({ cause: { code: "MQTT_CONNECTION_FAILED", details: { reasonCode: 0x87 } } });

  setUsers("agent");
  await eventually(
    "the agent is let in",
    () => value(registry, "mosquitto_agent_refused"),
    (refused) => refused === 0,
  );
  expect(readiness.isReady).toBe(true);
  await mosquitto.server.stop();
  await eventually("the broker is away", () => !readiness.isReady);
  expect([await value(registry, "mosquitto_up"), await value(registry, "mosquitto_agent_refused")]).toEqual([0, 0]);
});

test("an agent that was never let in waits longer, as a start did not help", async () => {
  const time = new SkippingTime();
  const { readiness, registry, failures } = (world = await startWorld({ clock: time.clock, users: ["other"] }));
  await eventually("the agent is refused", () => value(registry, "mosquitto_agent_refused"), Boolean);
  expect(readiness.isReady).toBe(true);
  time.skip(REFUSED_LIMIT_MS * 2);
  await systemClock.sleep(300);
  expect(failures).toEqual([]);
  time.skip(NEVER_LET_IN_LIMIT_MS);
  await eventually("the agent ends itself", () => failures.length > 0);
});

test("a broker whose certificate the agent does not trust is ready", async () => {
  const [port, files] = [await freePort(), await selfSigned()];
  const settings = [`listener ${port} 127.0.0.1`, `certfile ${files.cert}`, `keyfile ${files.key}`];
  const { readiness, registry } = (world = await startWorld({ settings, url: `mqtts://127.0.0.1:${port}` }));
  await eventually("the agent is refused", () => value(registry, "mosquitto_agent_refused"), Boolean);
  expect([readiness.isReady, await value(registry, "mosquitto_up")]).toEqual([true, 1]);
});

/** The real time, of which some can be left out. */
class SkippingTime {
  #skippedMs = 0;
  readonly clock: Clock = {
    nowMs: () => systemClock.nowMs(),
    nowMicros: () => systemClock.nowMicros(),
    monotonicMs: () => systemClock.monotonicMs() + this.#skippedMs,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    setTimer: (ms, callback) => systemClock.setTimer(ms, callback),
    setInterval: (ms, callback) => systemClock.setInterval(ms, callback),
  };

  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=127.0.0.1",
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const directory = temporaryDirectory("mosquitto-agent-tls");
  const files = { cert: join(directory, "tls.crt"), key: join(directory, "tls.key") };
  writeFileSync(files.cert, certificate.toString("pem"));
  writeFileSync(files.key, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
  return files;
}
