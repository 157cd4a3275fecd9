import { describe, expect, test } from "vitest";
import { fleetOf } from "../api/fleet-file.ts";
import { APPLIED_ANNOTATION } from "../api/names.ts";
import type { SensorFleetSpec } from "../api/sensor-fleet.ts";
import { type Access, desired, podsOf, type Desired } from "../controllers/desired.ts";
import { runStateOf } from "../controllers/run-state.ts";
import { hashOf } from "../kube/apply.ts";
import { NOW, NOW_MS, sensorFleet } from "./fleets.ts";

const settings = {
  image: "simulator:1",
  mqttUrl: "mqtt://mosquitto:1883",
  requests: { cpu: "50m", memory: "160Mi" },
  limits: { memory: "400Mi" },
  stopGraceSeconds: 30,
};

const access = { account: "1", authority: undefined };

function desiredOf(spec: Partial<SensorFleetSpec> = {}, given = settings, as: Access = access): Desired {
  const fleet = sensorFleet(spec);
  return desired(fleet, runStateOf(fleet.spec, {}, NOW_MS), given, as);
}

interface Template {
  readonly spec: { containers: [{ image: string; env: { name: string; value?: string }[]; resources: unknown }] };
}
const templateOf = ({ statefulSet }: Desired): Template => statefulSet.spec["template"] as Template;

test.each([
  [0, 500, 0],
  [1, 500, 1],
  [500, 500, 1],
  [501, 500, 2],
  [100_000, 500, 200],
])("%i devices, %i in a pod: %i pods", (devices, devicesPerPod, pods) => {
  const spec = { devices, template: { devicesPerPod } };
  expect(desiredOf(spec).statefulSet.spec.replicas).toBe(pods);
  for (const phase of ["Suspended", "Completed"] as const) expect(podsOf(sensorFleet(spec).spec, { phase })).toBe(0);
});

test("the fleet file is a fleet, and says when its stages began", () => {
  const stages = [{ duration: "1m", devicesPercent: 10, ramp: "Step" }];
  const file = JSON.parse(desiredOf({ stages }).configMap.data?.["fleet.yaml"] ?? "") as Record<string, unknown>;
  expect(file).toMatchObject({ name: "city", devices: 1200, stages, startTime: NOW });
  expect(Object.keys(file)).not.toContain("template");
  expect(fleetOf(sensorFleet({ stages })).stages).toHaveLength(1);
});

describe("what is followed, and what replaces pods", () => {
  const before = desiredOf();
  const base = sensorFleet().spec;

  test.each<[string, Partial<SensorFleetSpec>]>([
    ["devices", { devices: 1300 }],
    ["interval", { interval: "1s" }],
    ["jitter", { jitter: "1s" }],
    ["faults", { faults: [{ type: "OutOfOrder", readings: "1%" }] }],
    ["stages", { stages: [{ duration: "1m", devicesPercent: 10, ramp: "Step" }] }],
    ["connectsPerSecond", { connectsPerSecond: 1 }],
  ])("%s: only the file", (_name, spec) => {
    const after = desiredOf(spec);
    expect(after.fileHash).not.toBe(before.fileHash);
    expect(templateOf(after)).toEqual(templateOf(before));
  });

  test.each<[string, Partial<SensorFleetSpec>]>([
    ["seed", { seed: 2 }],
    ["profiles", { profiles: [{ location: "park", weight: 1 }] }],
    ["history", { history: "1h" }],
    ["image", { template: { ...base.template, image: "other:1" } }],
    ["resources", { template: { ...base.template, resources: { limits: { memory: "1Gi" } } } }],
    ["nodes", { template: { ...base.template, nodeSelector: { disk: "fast" } } }],
  ])("%s: the pods", (_name, spec) => {
    expect(templateOf(desiredOf(spec))).not.toEqual(templateOf(before));
  });

  test("a run that begins anew is followed", () => {
    const fleet = sensorFleet({ run: { runId: "2" } });
    const after = desired(fleet, runStateOf(fleet.spec, {}, NOW_MS + 60_000), settings, access);
    expect(after.fileHash).not.toBe(before.fileHash);
    expect(after.statefulSet).toEqual(before.statefulSet);
  });
});

test("pod number i has devices from i times devicesPerPod on, whatever the size of the fleet", () => {
  const environment = (devices: number): unknown => templateOf(desiredOf({ devices })).spec.containers[0].env;
  expect(environment(10)).toEqual(environment(100_000));
  expect(environment(10)).toContainEqual({ name: "PART_DEVICES", value: "500" });
});

test("every object belongs to its fleet, and carries a hash of what it says", () => {
  const { configMap, statefulSet } = desiredOf();
  for (const { metadata } of [configMap, statefulSet]) {
    expect(metadata).toMatchObject({ name: "fleet-city", namespace: "smart-home" });
    expect(metadata.ownerReferences).toEqual([
      expect.objectContaining({ kind: "SensorFleet", name: "city", uid: "uid-1", controller: true }),
    ]);
  }
  const stamp = (given: Desired): unknown => given.statefulSet.metadata.annotations?.[APPLIED_ANNOTATION];
  expect(stamp(desiredOf())).toBe(stamp({ ...desiredOf(), statefulSet }));
  expect(stamp(desiredOf({}, { ...settings, image: "simulator:2" }))).not.toBe(stamp(desiredOf()));
});

test("a hash does not depend on the order of keys", () => {
  expect(hashOf({ a: 1, b: [{ c: 1, d: 2 }] })).toBe(hashOf({ b: [{ d: 2, c: 1 }], a: 1 }));
  expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]));
});

describe("what a pod logs in with", () => {
  const json = (given: Desired): string => JSON.stringify(templateOf(given));

  test("is the fleet's own account, of the Secret of that name", () => {
    const { env } = templateOf(desiredOf()).spec.containers[0];
    expect(env).toContainEqual({
      name: "MQTT_PASSWORD",
      valueFrom: { secretKeyRef: { name: "fleet-city", key: "password" } },
    });
  });

  test("the authority only with TLS", () => {
    expect(json(desiredOf())).not.toContain("smart-home-ca");
    const withTls = json(desiredOf({}, settings, { account: "1", authority: "2" }));
    expect(withTls).toContain('"NODE_EXTRA_CA_CERTS","value":"/etc/smart-home-ca/ca.crt"');
    expect(withTls).toContain('{"name":"ca","configMap":{"name":"smart-home-ca"}}');
  });

  test.each([
    { account: "2", authority: "2" },
    { account: "1", authority: "3" },
  ])("another one replaces the pods: %j", (as) => {
    const before = desiredOf({}, settings, { account: "1", authority: "2" });
    const after = desiredOf({}, settings, as);
    expect(json(after)).not.toBe(json(before));
    expect(after.fileHash).toBe(before.fileHash);
  });
});

test("resources that a fleet does not name are the operator's", () => {
  const given = { ...settings, requests: { cpu: "50m", memory: "160Mi", "ephemeral-storage": "64Mi" } };
  const template = { devicesPerPod: 500, resources: { requests: { cpu: "1" }, limits: { cpu: "2" } } };
  expect(templateOf(desiredOf({ template }, given)).spec.containers[0].resources).toEqual({
    requests: { cpu: "1", memory: "160Mi", "ephemeral-storage": "64Mi" },
    limits: { cpu: "2", memory: "400Mi" },
  });
});
