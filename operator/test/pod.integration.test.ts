import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually, freePort, freePorts, ServerProcess, startMosquitto, temporaryDirectory } from "#testkit";
import { desired, OPS_PORT } from "../controllers/desired.ts";
import { runStateOf } from "../controllers/run-state.ts";
import { serviceNames } from "../credentials/names.ts";
import { passwordFile } from "../credentials/password-file.ts";
import { issueCertificate, makeAuthority } from "../pki/issue.ts";
import { NOW_MS, sensorFleet } from "./fleets.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Container {
  readonly command: readonly [string, ...string[]];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** A broker with TLS and users, and what a pod of a fleet is given to reach it. */
async function startWorld(): Promise<{
  readonly broker: Awaited<ReturnType<typeof startMosquitto>>;
  readonly directory: string;
  readonly port: number;
}> {
  const directory = temporaryDirectory("pod");
  const validity = { nowMs: systemClock.nowMs(), lifetimeMs: 3_600_000 };
  const authority = await makeAuthority(validity);
  const { certificate, key } = await issueCertificate(authority, serviceNames("mosquitto", "smart-home"), validity);
  const files = { "ca.crt": authority.certificate, "tls.crt": certificate, "tls.key": key, passwords: "" };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const port = await freePort();
  const settings = [
    "allow_anonymous false",
    `password_file ${join(directory, "passwords")}`,
    `listener ${port} 127.0.0.1`,
    `certfile ${join(directory, "tls.crt")}`,
    `keyfile ${join(directory, "tls.key")}`,
  ];
  return { broker: await startMosquitto({ settings }), directory, port };
}

/** As a kubelet would: mounts are folders, Secrets are values; the ports are this machine's. */
function environmentOf(
  { env, volumeMounts }: Container,
  mounts: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): Record<string, string> {
  const moved = (text: string): string =>
    volumeMounts.reduce((path, { name, mountPath }) => path.replace(mountPath, mounts[name] ?? ""), text);
  const entries = env.map(({ name, value, valueFrom }) => {
    const { secretKeyRef } = valueFrom ?? {};
    const given = secretKeyRef === undefined ? "" : (others[`${secretKeyRef.name}/${secretKeyRef.key}`] ?? "");
    return [name, others[name] ?? (value === undefined ? given : moved(value))];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

test("what a pod is given is all that it needs: refused at first, it gets in as soon as the broker knows it", async () => {
  const { broker, directory, port } = await startWorld();
  const fleet = sensorFleet({ devices: 20 });
  const settings = {
    image: "simulator:1",
    mqttUrl: `mqtts://localhost:${port}`,
    requests: {},
    limits: {},
    stopGraceSeconds: 10,
  };
  const { configMap, statefulSet } = desired(fleet, runStateOf(fleet.spec, {}, NOW_MS), settings, {
    account: "1",
    authority: "1",
  });
  mkdirSync(join(directory, "fleet"));
  writeFileSync(join(directory, "fleet", "fleet.yaml"), configMap.data?.["fleet.yaml"] ?? "");
  const template = statefulSet.spec["template"] as { spec: { containers: [Container] } };
  const [container] = template.spec.containers;
  const [opsPort] = (await freePorts(1)) as [number];
  const environment = environmentOf(
    container,
    { fleet: join(directory, "fleet"), ca: directory },
    {
      "fleet-city/username": "city",
      "fleet-city/password": "secret",
      PART_INDEX: "0",
      OPS_PORT: String(opsPort),
      OPS_HOST: "127.0.0.1",
    },
  );
  expect(container.env.find(({ name }) => name === "OPS_PORT")?.value).toBe(String(OPS_PORT));
  const [, ...args] = container.command;
  const page = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${opsPort}${path}`);
  const summary = async (): Promise<{ connected: number; devices: number }> =>
    (await (await page("/summary")).json()) as { connected: number; devices: number };
  const pod = await ServerProcess.start({
    name: "simulator",
    command: process.execPath,
    args: args.map((argument) => (argument.endsWith(".ts") ? join(ROOT, argument) : argument)),
    directory: join(directory, "run"),
    isTemporary: false,
    environment,
    isReady: async () => (await page("/healthz")).ok,
  });
  try {
    await eventually(
      "it was refused",
      () => pod.log(),
      (log) => log.includes("trying again"),
    );
    expect(await summary()).toMatchObject({ devices: 20, connected: 0 });
    expect((await page("/readyz")).status).toBe(503);
    const file = passwordFile({ users: new Map([["city", "secret"]]), before: "", stays: () => false });
    writeFileSync(join(directory, "passwords"), file);
    process.kill(broker.server.process.pid, "SIGHUP");
    await eventually("all devices are connected", summary, ({ connected }) => connected === 20, { timeoutMs: 30_000 });
    expect((await page("/readyz")).status).toBe(200);
    expect(pod.isRunning).toBe(true);
  } finally {
    await pod.kill();
    await broker.server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  }
});
