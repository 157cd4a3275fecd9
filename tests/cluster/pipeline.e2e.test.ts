/**
 * The whole installation on a real cluster, as a user meets it, from nothing to nothing. The tests build on each other, in
 * this order. KUBECONFIG names the cluster; the images must be there or be had (see README, "On a cluster"). What is
 * measured is printed, not asserted: machines differ.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { readInputs } from "../../charts/config.ts";
import { allQueries } from "../../charts/observability/all-queries.ts";
import { portable } from "../../charts/profiles/portable.ts";
import { isClean } from "../../local/demo/audit.ts";
import type { SensorFleetSpec } from "../../operator/api/sensor-fleet.ts";
import {
  applyFleet,
  auditOf,
  fleetField,
  isReady,
  lacksImage,
  MANIFESTS,
  NAMESPACE,
  pods,
  type PodItem,
  ready,
  wishes,
  withBigQuery,
} from "./installation.ts";
import { kubectl } from "./kubectl.ts";
import { lacksDiscovery, metricsOf } from "./prometheus.ts";

const run = promisify(execFile);
const MINUTE_MS = 60_000;
const patiently = { timeoutMs: 5 * MINUTE_MS, intervalMs: 1000 };

/** Its devices fail in every way that leaves a reading readable, so that everything sent must be stored. */
const AUDITED: Partial<SensorFleetSpec> = {
  devices: 200,
  interval: "500ms",
  jitter: "200ms",
  faults: [
    { type: "Disconnect", devices: "20%", every: "1m", duration: "5s" },
    { type: "Duplicate", readings: "2%" },
    { type: "Late", readings: "2%", delay: "3s" },
    { type: "OutOfOrder", readings: "2%" },
  ],
};

let failed = true;

beforeAll(async () => {
  await kubectl("version").catch((error: unknown) => {
    throw new Error("no cluster answers: set KUBECONFIG", { cause: error });
  });
  const found = await kubectl("get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name");
  if (found !== "") throw new Error(`namespace ${NAMESPACE} is there already: kubectl delete -f k8s-out`);
});

afterAll(() => {
  if (failed)
    console.log(`left as it is, to be looked at: kubectl -n ${NAMESPACE} get pods; kubectl delete -f k8s-out`);
});

test("one apply of the folder, from nothing: everything comes up and readings flow", async () => {
  const startMs = systemClock.monotonicMs();
  const since = (): string => `${Math.round((systemClock.monotonicMs() - startMs) / 1000)} s`;
  expect(await kubectl("apply", "-f", MANIFESTS)).not.toMatch(/error|warning/i);
  await eventually(
    "the default fleet is there and ready",
    () => fleetField("city", READY),
    (holds) => holds === "True",
    patiently,
  );
  console.log(`apply to all devices of the default fleet connected: ${since()}`);
  const rows = await eventually("readings are in BigQuery", countRows, (count) => count > 0, patiently);
  console.log(`apply to first rows in BigQuery: ${since()} (${rows} rows)`);
  const notReady = async (): Promise<string[]> =>
    (await longLived()).filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
  await eventually("every pod is ready", notReady, (names) => names.length === 0, patiently);
  for (const { metadata } of (await pods()).filter(lacksImage))
    console.log(`${metadata.name} waits for an image that cannot be had here`);
});

test("a second apply changes nothing", async () => {
  const before = await wishes();
  expect(Object.keys(before).length).toBeGreaterThan(30);
  await kubectl("apply", "-f", MANIFESTS);
  expect(await wishes()).toEqual(before);
});

test("a fleet is scaled, shown, described and refused as a user expects", async () => {
  await kubectl("scale", "sensorfleet/city", "-n", NAMESPACE, "--replicas=250");
  await eventually(
    "all 250 are connected",
    () => fleetField("city", ".status.connectedDevices"),
    (count) => count === "250",
    patiently,
  );
  const table = await kubectl("get", "sf", "-n", NAMESPACE);
  expect(table).toMatch(/^NAME +DEVICES +CONNECTED +PODS +STAGE +READY +REASON +AGE\n/);
  expect(table).toMatch(/city +250 +250 +1\/1 +\S+ +True +Running/);
  expect(await kubectl("describe", "sf", "city", "-n", NAMESPACE)).toMatch(/Events:[^]*RunStarted/);
  await expect(applyFleet("bad", { devices: -1 })).rejects.toThrow(/devices/);
  await expect(applyFleet("bad", { interval: "1s", jitter: "2s" })).rejects.toThrow(
    /jitter must be less than interval/,
  );
});

test("writer, bridge and Kafka are killed and Mosquitto is deleted under load: everything sent is stored, once", async () => {
  await applyFleet("audited", AUDITED);
  await eventually(
    "the audited fleet is ready",
    () => fleetField("audited", READY),
    (holds) => holds === "True",
    patiently,
  );
  for (const part of ["bq-writer", "mqtt-bridge", "kafka"]) {
    await kubectl(
      "delete",
      "pod",
      "-n",
      NAMESPACE,
      "-l",
      `app.kubernetes.io/name=${part}`,
      "--grace-period=0",
      "--force",
    );
    await ready(part);
    await systemClock.sleep(5000);
  }
  await kubectl("delete", "pod", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=mosquitto");
  await ready("mosquitto");
  await systemClock.sleep(5000);
  const audit = await auditOf("audited", AUDITED);
  console.log("audit after the kills:", JSON.stringify(audit));
  expect(audit.sent).toBeGreaterThan(1000);
  expect(isClean(audit), JSON.stringify(audit)).toBe(true);
  await kubectl("delete", "sensorfleet", "audited", "-n", NAMESPACE);
});

test("writers follow the lag, out and in", async () => {
  const program = new URL("../../tools/hpa-demo/main.ts", import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [program], { maxBuffer: 16 * 1024 * 1024 }).catch((error: unknown) => {
    throw new Error(`hpa-demo failed:\n${(error as { stdout?: string }).stdout ?? String(error)}`, { cause: error });
  });
  console.log(stdout.split("\n").slice(-12).join("\n"));
});

test("every query of every dashboard, rule and alert finds something", async () => {
  const profile = portable(readInputs({}));
  await using metrics = await metricsOf(profile);
  console.log(`queries are asked of ${metrics.name}`);
  const silent = async (): Promise<string[]> => {
    const asked = allQueries(profile).map(async ({ from, expr }) =>
      (await metrics.finds(expr)) ? [] : [`${from}: ${expr}`],
    );
    return (await Promise.all(asked)).flat();
  };
  await eventually("every query finds something", silent, (queries) => queries.length === 0, {
    timeoutMs: 3 * MINUTE_MS,
    intervalMs: 5000,
  });
  console.log(`alerts that fire: ${(await metrics.firing()).join(", ") || "none"}`);
});

test("a default fleet that was deleted stays deleted, whoever starts again", async () => {
  await kubectl("delete", "sensorfleet", "city", "-n", NAMESPACE);
  await kubectl("apply", "-f", MANIFESTS);
  await kubectl("rollout", "restart", "deployment/sensorfleet-operator", "-n", NAMESPACE);
  await kubectl("rollout", "status", "deployment/sensorfleet-operator", "-n", NAMESPACE, "--timeout=3m");
  // Another fleet shows that the new operator works, and has so passed the moment at which it makes the default one.
  await applyFleet("after", { devices: 5, interval: "1s" });
  await eventually(
    "another fleet is ready",
    () => fleetField("after", READY),
    (holds) => holds === "True",
    patiently,
  );
  expect(await kubectl("get", "sensorfleet", "-n", NAMESPACE, "-o", "name")).toBe(
    "sensorfleet.fleet.smart-home-bridge.dev/after\n",
  );
});

test("a delete of the folder leaves nothing", async () => {
  await kubectl("delete", "-f", MANIFESTS, "--ignore-not-found", "--wait=true", "--timeout=5m");
  const left = await kubectl(
    "get",
    "namespace,apiservice,clusterrole,clusterrolebinding,crd",
    "-l",
    "app.kubernetes.io/part-of=smart-home-bridge",
    "-o",
    "name",
  );
  expect(left).toBe("");
  expect(await kubectl("get", "namespace", NAMESPACE, "--ignore-not-found")).toBe("");
  expect(await kubectl("get", "rolebinding", "-n", "kube-system", "-o", "name")).not.toMatch(/smart-home/);
  failed = false;
});

const READY = '.status.conditions[?(@.type=="Ready")].status';

/** What should stay: no Jobs, and no pod that cannot run with the images that are here. */
async function longLived(): Promise<PodItem[]> {
  const isHopeless = (await lacksDiscovery())
    ? ({ metadata }: PodItem) => metadata.name.startsWith("prometheus-")
    : () => false;
  return (await pods()).filter((pod) => pod.status.phase !== "Succeeded" && !lacksImage(pod) && !isHopeless(pod));
}

function countRows(): Promise<number> {
  return withBigQuery(async ({ rest }) => {
    const [rows] = await rest.query("SELECT COUNT(*) AS n FROM iot_raw.iot_events");
    return (rows as { n: number }[])[0]?.n ?? 0;
  });
}
