import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { X509Certificate } from "node:crypto";
import { connect as tlsConnect } from "node:tls";
import { once } from "node:events";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, freePort, startMosquitto, temporaryDirectory, type Mosquitto } from "#testkit";
import { passwordFile } from "../credentials/password-file.ts";
import { serviceNames } from "../credentials/names.ts";
import { issueCertificate, makeAuthority, type KeyPair } from "../pki/issue.ts";
import { systemClock } from "#runtime";

const DAY_MS = 86_400_000;
const names = serviceNames("mosquitto", "smart-home");
const nowMs = systemClock.nowMs();

let directory: string;
let authority: KeyPair;
let port: number;
let broker: Mosquitto;

/** As a kubelet does: the files change at once. */
function write(name: string, content: string): void {
  writeFileSync(join(directory, `${name}.new`), content);
  renameSync(join(directory, `${name}.new`), join(directory, name));
}

async function certify(lifetimeMs = DAY_MS): Promise<void> {
  const { certificate, key } = await issueCertificate(authority, names, { nowMs, lifetimeMs });
  write("tls.crt", certificate);
  write("tls.key", key);
}

function admit(users: Readonly<Record<string, string>>, before = ""): string {
  const file = passwordFile({ users: new Map(Object.entries(users)), before, stays: () => false });
  write("passwords", file);
  return file;
}

/** Whether a client that trusts only the authority gets in. */
async function logsIn(username: string, password: string, servername = "mosquitto.smart-home"): Promise<boolean> {
  try {
    const options = {
      ca: authority.certificate,
      servername,
      username,
      password,
      protocolVersion: 5,
      reconnectPeriod: 0,
    } as const;
    const client = await connectAsync(`mqtts://127.0.0.1:${port}`, options, false);
    await client.endAsync();
    return true;
  } catch (error) {
    if (/Not authorized|Bad User Name|Connection refused: /i.test(String(error))) return false;
    throw error;
  }
}

async function presented(): Promise<X509Certificate> {
  const socket = tlsConnect({ host: "127.0.0.1", port, ca: authority.certificate, servername: "mosquitto" });
  await once(socket, "secureConnect");
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate!;
}

beforeEach(async () => {
  directory = temporaryDirectory("credentials");
  authority = await makeAuthority({ nowMs, lifetimeMs: 10 * DAY_MS });
  await certify();
  port = await freePort();
});
afterEach(async () => {
  await broker.server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function start(): Promise<void> {
  broker = await startMosquitto({
    settings: [
      "allow_anonymous false",
      `password_file ${join(directory, "passwords")}`,
      `listener ${port} 127.0.0.1`,
      `certfile ${join(directory, "tls.crt")}`,
      `keyfile ${join(directory, "tls.key")}`,
    ],
  });
}

describe("a real Mosquitto", () => {
  test("lets in exactly the users of the file, by a certificate for every name of the service", async () => {
    admit({ _bridge: "secret-1", city: "secret-2" });
    await start();
    for (const name of names) expect(await logsIn("_bridge", "secret-1", name)).toBe(true);
    expect(await logsIn("city", "secret-2")).toBe(true);
    for (const [user, password] of [
      ["city", "secret-1"],
      ["bridge", "secret-1"],
      ["village", "secret-2"],
      ["city", ""],
    ] as const)
      expect([user, password, await logsIn(user, password)]).toEqual([user, password, false]);
    await expect(logsIn("city", "secret-2", "other")).rejects.toThrow(/altnames/);
  });

  test("SIGHUP: a new user gets in, one that is gone does not, a renewed certificate is shown; connections stay", async () => {
    const file = admit({ _bridge: "secret-1", city: "secret-2" });
    await start();
    const options = {
      ca: authority.certificate,
      servername: "mosquitto",
      protocolVersion: 5,
      reconnectPeriod: 0,
    } as const;
    const client = await connectAsync(
      `mqtts://127.0.0.1:${port}`,
      { ...options, username: "_bridge", password: "secret-1" },
      false,
    );
    let isClosed = false;
    client.on("close", () => (isClosed = true));
    const before = await presented();
    expect(await logsIn("village", "secret-3")).toBe(false);

    const after = admit({ _bridge: "secret-1", village: "secret-3" }, file);
    expect(after).toContain(file.split("\n").find((line) => line.startsWith("_bridge")));
    await certify(2 * DAY_MS);
    process.kill(broker.server.process.pid, "SIGHUP");
    await eventually("the new user gets in", () => logsIn("village", "secret-3"), Boolean);
    expect(await logsIn("city", "secret-2")).toBe(false);
    const renewed = await presented();
    expect(renewed.serialNumber).not.toBe(before.serialNumber);
    expect(renewed.validToDate > before.validToDate).toBe(true);
    await client.publishAsync("still", "here", { qos: 1 });
    expect(isClosed).toBe(false);
    await client.endAsync();
  });
});
