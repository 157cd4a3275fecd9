import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFleet } from "#fleets";
import { ConfigError } from "#runtime";
import { fleetOf } from "../api/fleet-file.ts";
import { sensorFleetCrd } from "../api/crd.ts";
import { MAX_FLEET_NAME } from "../api/names.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import { kubeErrors, pathOf } from "#kubernetes";
import { examples } from "./examples.ts";
import { cases } from "./specs.ts";
import { FLEET, World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

async function refusal(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
  } catch (error) {
    if (kubeErrors.is(error, "INVALID") || kubeErrors.is(error, "REFUSED")) return error.message;
    throw error;
  }
  return undefined;
}

function problems(given: unknown): readonly string[] {
  try {
    readFleet(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const create = (name: string, spec: unknown, dryRun = true): Promise<SensorFleet> =>
  world.create("default", name, spec, { dryRun });

describe("the API server and readFleet judge alike", () => {
  test.each(cases)("$name", async ({ spec, refusal: words }) => {
    // A fleet of a million devices needs more pods than the default allows: that is a rule of pods, not of fleets.
    const served = await refusal(() => create("city", { template: { devicesPerPod: 5000 }, ...spec }));
    expect({ served, read: problems({ name: "city", ...spec }).length > 0 }).toEqual({
      served: words === undefined ? undefined : (expect.stringMatching(words) as string),
      read: words !== undefined,
    });
  });
});

test.each(examples)("the example $name of docs/sensorfleet.md is taken", async ({ name, manifest }) => {
  expect(await refusal(() => create(name, manifest.spec))).toBeUndefined();
});

describe("names", () => {
  test.each([
    ["a".repeat(MAX_FLEET_NAME), true],
    ["a".repeat(MAX_FLEET_NAME + 1), false],
    ["a.b", false],
    ["7", true],
  ])("%s: %s", async (name, isRight) => {
    const message = await refusal(() => create(name, {}));
    expect(message === undefined).toBe(isRight);
    if (!isRight) expect(message).toContain("a fleet's name must be at most");
  });
});

test("defaults are those of a fleet file", async () => {
  const { spec } = await create("city", {});
  expect(spec).toMatchObject({ devices: 10, suspend: false, run: { runId: "1" }, template: { devicesPerPod: 500 } });
  const fleet = { apiVersion: "", kind: "", metadata: { name: "city" }, spec };
  expect(fleetOf(fleet)).toEqual(readFleet({ name: "city" }));
});

describe("a fleet that exists", () => {
  const patch = (spec: unknown): Promise<unknown> => world.patch(FLEET, "default", "there", { spec });

  beforeAll(() => create("there", { deviceIdPrefix: "old", devices: 100 }, false));

  test.each([
    [{ deviceIdPrefix: "new" }, /deviceIdPrefix cannot be changed/],
    [{ deviceIdPrefix: null }, /deviceIdPrefix cannot be changed/],
    [{ template: { devicesPerPod: 100 } }, /template.devicesPerPod cannot be changed/],
    [{ devices: 100_001 }, /devices must fit into 200 pods/],
    [{ template: { resources: { limits: { memory: "much" } } } }, /memory/],
  ])("%j is refused", async (spec, words) => {
    expect(await refusal(() => patch(spec))).toMatch(words);
  });

  test("the rest can be changed", async () => {
    await patch({ interval: "1s", faults: [{ type: "OutOfOrder", readings: "1%" }], template: { image: "other:1" } });
    await patch({ faults: null, stages: [{ duration: "1m", devicesPercent: 10 }] });
  });

  test("/scale changes devices, within the same rules", async () => {
    const scale = (replicas: number): Promise<unknown> =>
      world.patch(FLEET, "default", "there", { spec: { replicas } }, "scale");
    await scale(2000);
    expect((await world.get<SensorFleet>(FLEET, "default", "there")).spec.devices).toBe(2000);
    expect(await refusal(() => scale(-1))).toMatch(/replicas|devices/);
    expect(await refusal(() => scale(200_000))).toMatch(/devices must fit into 200 pods/);
  });
});

test("kubectl get sf: the columns", async () => {
  interface Table {
    columnDefinitions: { name: string; priority: number }[];
  }
  const { columnDefinitions } = await world.api.call<Table>({
    method: "GET",
    path: pathOf(FLEET, "default"),
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
  });
  const shown = (priority: number): string[] =>
    columnDefinitions.filter((column) => column.priority === priority).map(({ name }) => name);
  expect(shown(0)).toEqual(["Name", "Devices", "Connected", "Pods", "Stage", "Ready", "Reason", "Age"]);
  expect(shown(1)).toEqual(["Msgs/s", "Faults", "Seed", "Run", "Image"]);
});

test("the definition is small enough for kubectl's annotation", () => {
  expect(JSON.stringify(sensorFleetCrd).length).toBeLessThan(200_000);
});
