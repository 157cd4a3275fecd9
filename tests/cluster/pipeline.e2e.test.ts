/**
 * The whole installation on a real cluster, as a user meets it, from nothing to nothing. The tests build on each other, in
 * this order. KUBECONFIG names the cluster; the images must be there or be had (see README, "On a cluster"). What is
 * measured is printed; machines differ, so its bounds are wide: they catch what waits for a timeout or a retry.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { readInputs } from "../../charts/config.ts";
import { dashboardsOf } from "../../charts/observability/dashboards/dashboards.ts";
import { allQueries } from "../../charts/observability/all-queries.ts";
import { portable } from "../../charts/profiles/portable.ts";
import { isClean } from "../../local/demo/audit.ts";
import type { SensorFleetSpec } from "../../operator/api/sensor-fleet.ts";
import {
  applyAll,
  applyFleet,
  auditOf,
  connectedDevices,
  fleetReady,
  isReady,
  lacksImage,
  MANIFESTS,
  NAMESPACE,
  pods,
  type PodItem,
  present,
  ready,
  wishes,
  withBigQuery,
} from "./installation.ts";
import { grafanaOf } from "./grafana.ts";
import { kubectl } from "./kubectl.ts";
import { lacksDiscovery, metricsOf } from "./prometheus.ts";

const run = promisify(execFile);
const MINUTE_MS = 60_000;
const patiently = { timeoutMs: 5 * MINUTE_MS, intervalMs: 1000 };

/** From the apply to the first row. `E2E_FIRST_ROW_SECONDS` is for machines that are slower, or must get the images first. */
const FIRST_ROW_SECONDS = Number(process.env["E2E_FIRST_ROW_SECONDS"] ?? 180);
/** A machine that can reach the registries must get every image. */
const NEEDS_ALL_IMAGES = process.env["E2E_ALL_IMAGES"] === "true";
/** Some of the default fleet's devices are away at any moment, on purpose. */
const NEARLY_ALL = 0.99;

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

/**
 * Objects for which kubectl sends a patch at every apply, which the API server finds to change nothing (`wishes`): a budget,
 * because its selector is replaced and never compared (`patchStrategy=replace` in its API); a StatefulSet with volumes,
 * because its claims are a list without a merge key, in which the API server has filled in defaults.
 */
const ALWAYS_CONFIGURED =
  /^(poddisruptionbudget\.policy\/\S+|statefulset\.apps\/(kafka|mosquitto|bigquery|prometheus)) configured$/;

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
  const since = stopwatch();
  const { objects, warnings } = await applyAll();
  expect(warnings).toEqual([]);
  expect(objects.filter((line) => !line.endsWith(" created"))).toEqual([]);
  await fleetReady("city");
  console.log(`apply to all devices of the default fleet connected: ${since()} s`);
  const rows = await eventually("readings are in BigQuery", countRows, (count) => count > 0, patiently);
  const firstRowSeconds = since();
  console.log(`apply to first rows in BigQuery: ${firstRowSeconds} s (${rows} rows)`);
  expect(firstRowSeconds).toBeLessThanOrEqual(FIRST_ROW_SECONDS);
  const notReady = async (): Promise<string[]> =>
    (await longLived()).filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
  await eventually("every pod is ready", notReady, (names) => names.length === 0, patiently);
  const waiting = (await pods()).filter(lacksImage).map(({ metadata }) => metadata.name);
  for (const name of waiting) console.log(`${name} waits for an image that cannot be had here`);
  if (NEEDS_ALL_IMAGES) expect(waiting).toEqual([]);
});

test("a second apply changes nothing", async () => {
  const before = await wishes();
  const { objects, warnings } = await applyAll();
  expect(objects.length).toBeGreaterThan(30);
  expect(objects.filter((line) => !line.endsWith(" unchanged") && !ALWAYS_CONFIGURED.test(line))).toEqual([]);
  expect(warnings).toEqual([]);
  expect(await wishes()).toEqual(before);
});

test("a fleet is scaled, shown, described and refused as a user expects", async () => {
  const seconds = await scaled("city", 250, NEARLY_ALL);
  console.log(`200 to 250 devices, ${NEARLY_ALL * 100} % of them connected: ${seconds} s`);
  const table = await eventually(
    "the fleet's row shows it",
    () => kubectl("get", "sf", "-n", NAMESPACE),
    (shown) => /city +250 +2[45]0 +1\/1 +\S+ +True +Running/.test(shown),
    patiently,
  );
  expect(table).toMatch(/^NAME +DEVICES +CONNECTED +PODS +STAGE +READY +REASON +AGE\n/);
  expect(await kubectl("describe", "sf", "city", "-n", NAMESPACE)).toMatch(/Events:[^]*RunStarted/);
  await expect(applyFleet("bad", { devices: -1 })).rejects.toThrow(/devices/);
  await expect(applyFleet("bad", { interval: "1s", jitter: "2s" })).rejects.toThrow(
    /jitter must be less than interval/,
  );
});

test("a fleet grows from 100 to 2,000 devices", async () => {
  // Slow ones, so that it is about connections and not about the writers, which follow the lag further down.
  await applyFleet("growing", { devices: 100, interval: "10s" });
  await fleetReady("growing");
  console.log(`100 to 2,000 devices, all of them connected: ${await scaled("growing", 2000, 1)} s`);
  const restarts = (await pods("app.kubernetes.io/instance=growing")).flatMap(({ status }) =>
    (status.containerStatuses ?? []).map(({ restartCount }) => restartCount),
  );
  expect(restarts).toEqual([0, 0, 0, 0]);
  await kubectl("delete", "sensorfleet", "growing", "-n", NAMESPACE);
});

test("writer, bridge and Kafka are killed and Mosquitto is deleted under load: everything sent is stored, once", async () => {
  await applyFleet("audited", AUDITED);
  await fleetReady("audited");
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

test("Grafana shows every dashboard, and data in them", async () => {
  using grafana = await grafanaOf();
  if (grafana === undefined) {
    console.log("Grafana was not asked: its image cannot be had here");
    expect(NEEDS_ALL_IMAGES).toBe(false);
    return;
  }
  const wanted = dashboardsOf(portable(readInputs({}))).map(({ uid }) => uid);
  expect((await grafana.dashboards()).toSorted()).toEqual(wanted.toSorted());
  expect(await grafana.series("sum(simulator_connected)")).toBe(1);
});

test("a default fleet that was deleted stays deleted, whoever starts again", async () => {
  await kubectl("delete", "sensorfleet", "city", "-n", NAMESPACE);
  await kubectl("apply", "-f", MANIFESTS);
  await kubectl("rollout", "restart", "deployment/sensorfleet-operator", "-n", NAMESPACE);
  await kubectl("rollout", "status", "deployment/sensorfleet-operator", "-n", NAMESPACE, "--timeout=3m");
  // Another fleet shows that the new operator works, and has so passed the moment at which it makes the default one.
  await applyFleet("after", { devices: 5, interval: "1s" });
  await fleetReady("after");
  expect(await kubectl("get", "sensorfleet", "-n", NAMESPACE, "-o", "name")).toBe(
    "sensorfleet.fleet.smart-home-bridge.dev/after\n",
  );
});

test("a delete of the folder leaves nothing", async () => {
  await kubectl("delete", "-f", MANIFESTS, "--ignore-not-found", "--wait=true", "--timeout=5m");
  expect(await present()).toEqual([]);
  // And what the operator made outside of the namespace, or a test left.
  const labelled = "namespace,apiservice,clusterrole,clusterrolebinding,crd";
  expect(await kubectl("get", labelled, "-l", "app.kubernetes.io/part-of=smart-home-bridge", "-o", "name")).toBe("");
  expect(await kubectl("get", "namespace", NAMESPACE, "--ignore-not-found")).toBe("");
  expect(await kubectl("get", "rolebinding", "-n", "kube-system", "-o", "name")).not.toMatch(/smart-home/);
  failed = false;
});

/** What should stay: no Jobs, and no pod that cannot run with the images that are here. */
async function longLived(): Promise<PodItem[]> {
  const isHopeless = (await lacksDiscovery())
    ? ({ metadata }: PodItem) => metadata.name.startsWith("prometheus-")
    : () => false;
  return (await pods()).filter((pod) => pod.status.phase !== "Succeeded" && !lacksImage(pod) && !isHopeless(pod));
}

/** Scales a fleet as a user does; seconds until that share of its devices, and no more, are connected. */
async function scaled(fleet: string, devices: number, share: number): Promise<number> {
  const since = stopwatch();
  await kubectl("scale", `sensorfleet/${fleet}`, "-n", NAMESPACE, `--replicas=${devices}`);
  await eventually(
    `${share * 100} % of ${devices} devices are connected`,
    () => connectedDevices(fleet),
    (count) => count >= devices * share && count <= devices,
    patiently,
  );
  return since();
}

/** Gives whole seconds since it was made. */
function stopwatch(): () => number {
  const startMs = systemClock.monotonicMs();
  return () => Math.round((systemClock.monotonicMs() - startMs) / 1000);
}

function countRows(): Promise<number> {
  return withBigQuery(async ({ rest }) => {
    const [rows] = await rest.query("SELECT COUNT(*) AS n FROM iot_raw.iot_events");
    return (rows as { n: number }[])[0]?.n ?? 0;
  });
}
