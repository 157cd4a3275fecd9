import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, temporaryDirectory } from "#testkit";
import { CONFIG_MAP, kubeErrors, pathOf, STATEFUL_SET } from "#kubernetes";
import { API_VERSION, KIND } from "../api/names.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import type { ConfigMap, StatefulSet } from "../controllers/desired.ts";
import { startOperator, type RunningOperator } from "./operator-process.ts";
import { FLEET, World } from "./world.ts";

let world: World;
let namespace: string;
let count = 0;

beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  namespace = await world.namespace(`upkeep-${(count += 1)}`);
});

async function withOperator(
  environment: Readonly<Record<string, string>>,
  run: (operator: RunningOperator) => Promise<void>,
): Promise<void> {
  const operator = await startOperator(world, namespace, environment);
  try {
    await run(operator);
  } finally {
    await operator.process.kill();
  }
}

describe("fields that somebody else has changed", () => {
  interface Container {
    readonly name: string;
    readonly image: string;
    readonly command: readonly string[];
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly resources: unknown;
    readonly securityContext: unknown;
  }
  const setOf = (): Promise<StatefulSet> => world.get<StatefulSet>(STATEFUL_SET, namespace, "fleet-city");
  const containersOf = (set: StatefulSet): readonly Container[] =>
    (set.spec["template"] as { spec: { containers: Container[] } }).spec.containers;
  const strategic = (container: unknown): Promise<unknown> =>
    world.api.call({
      method: "PATCH",
      path: pathOf(STATEFUL_SET, namespace, "fleet-city"),
      contentType: "application/strategic-merge-patch+json",
      body: { spec: { template: { spec: { containers: [container] } } } },
    });
  const settled = async (operator: RunningOperator): Promise<void> => {
    const reconciles = (): Promise<number> =>
      operator.metric('controller_runtime_reconcile_total{controller="sensorfleet",result="success"}');
    const done = await reconciles();
    await eventually("it is looked at five times", reconciles, (seen) => seen >= done + 5);
  };

  test.each<[string, unknown]>([
    ["resources", { name: "simulator", resources: { limits: { memory: "4Gi" }, requests: { cpu: "1" } } }],
    ["the image", { name: "simulator", image: "evil:1" }],
    ["the command", { name: "simulator", command: ["sleep", "1"] }],
    ["a variable", { name: "simulator", env: [{ name: "MQTT_URL", value: "mqtt://elsewhere" }] }],
    ["rights", { name: "simulator", securityContext: { allowPrivilegeEscalation: true } }],
    ["a mount", { name: "simulator", volumeMounts: [{ mountPath: "/etc/fleet", name: "fleet", readOnly: false }] }],
  ])("%s: are put back", async (_name, change) => {
    await withOperator({}, async () => {
      await world.create(namespace, "city", {});
      const before = await eventually("the pods", setOf);
      const [container] = containersOf(before);
      await strategic(change);
      await eventually("as it was", setOf, (set) => JSON.stringify(containersOf(set)[0]) === JSON.stringify(container));
    });
  });

  test("what the operator never gave stays, and is no reason to write", async () => {
    await withOperator({}, async (operator) => {
      await world.create(namespace, "city", {});
      await eventually("the pods", setOf);
      await strategic({ name: "proxy", image: "proxy:1" });
      await strategic({ name: "simulator", env: [{ name: "MORE", value: "1" }] });
      await settled(operator);
      const before = await setOf();
      await settled(operator);
      const after = await setOf();
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      const containers = containersOf(after);
      expect(containers.map(({ name }) => name).sort()).toEqual(["proxy", "simulator"]);
      expect(containers.find(({ name }) => name === "simulator")?.env).toContainEqual({ name: "MORE", value: "1" });
    });
  });

  test("quantities that the API server writes in another way are no reason to write", async () => {
    const resources = { requests: { cpu: "0.05", memory: "0.25Gi" }, limits: { memory: "1024Mi" } };
    await world.create(namespace, "city", { template: { resources } });
    await withOperator({}, async () => eventually("the pods", setOf).then(() => undefined));
    await withOperator({}, async (operator) => {
      await settled(operator);
      expect(await operator.metric('rest_client_requests_total{method="PATCH",code="200"}')).toBe(0);
    });
  });
});

describe("the default fleet", () => {
  const directory = temporaryDirectory("default-fleet");
  afterAll(() => rmSync(directory, { recursive: true }));
  const fileOf = (spec: unknown, name = "demo"): string => {
    const path = join(directory, `${name}.yaml`);
    writeFileSync(path, JSON.stringify({ apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec }));
    return path;
  };
  const fleet = (name = "demo"): Promise<SensorFleet | undefined> =>
    world.get<SensorFleet>(FLEET, namespace, name).catch((error: unknown) => {
      if (kubeErrors.is(error, "NOT_FOUND")) return undefined;
      throw error;
    });
  const memory = (): Promise<string | undefined> =>
    world
      .get<ConfigMap>(CONFIG_MAP, namespace, "sensorfleet-operator")
      .then(({ data }) => data?.["default-fleet"])
      .catch(() => undefined);
  const exists = (found: unknown): boolean => found !== undefined;

  test("is made once, after the bridge; a deleted one stays deleted", async () => {
    const labels = { app: "mqtt-bridge" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "a", image: "a:1" }] } };
    const bridge = { replicas: 1, serviceName: "x", selector: { matchLabels: labels }, template };
    const environment = { DEFAULT_FLEET_FILE: fileOf({ devices: 7 }), DEFAULT_FLEET_AFTER: "mqtt-bridge" };
    await withOperator(environment, async (operator) => {
      const duties = (): Promise<number> =>
        operator.metric('controller_runtime_reconcile_total{controller="credentials",result="success"}');
      const body = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "mqtt-bridge" }, spec: bridge };
      await world.api.call({ method: "POST", path: pathOf(STATEFUL_SET, namespace), body });
      const done = await duties();
      await eventually("it has looked", duties, (seen) => seen > done);
      expect(await fleet()).toBeUndefined();
      const status = { replicas: 1, readyReplicas: 1 };
      await world.patch(STATEFUL_SET, namespace, "mqtt-bridge", { status }, "status");
      const made = await eventually("the fleet", () => fleet(), exists);
      expect(made?.spec.devices).toBe(7);
      await eventually("it is remembered", memory, (name) => name === "demo");
      await world.patch(FLEET, namespace, "demo", { spec: { devices: 8 } });
    });
    await withOperator(environment, async () => {
      await eventually("its pods", () => world.get(STATEFUL_SET, namespace, "fleet-demo"), exists);
      expect((await fleet())?.spec.devices).toBe(8);
      await world.delete(FLEET, namespace, "demo");
    });
    await withOperator(environment, async (operator) => {
      const done = 'controller_runtime_reconcile_total{controller="credentials",result="success"}';
      await eventually(
        "every duty was done",
        () => operator.metric(done),
        (seen) => seen >= 5,
      );
      expect(await fleet()).toBeUndefined();
    });
  });

  test("one of that name counts as made, and is not changed", async () => {
    await world.create(namespace, "demo", { devices: 3 });
    await withOperator({ DEFAULT_FLEET_FILE: fileOf({ devices: 7 }) }, async () => {
      await eventually("it is remembered", memory, (name) => name === "demo");
      expect((await fleet())?.spec.devices).toBe(3);
    });
  });

  test("one that only the API server refuses holds up nothing else, and is tried again", async () => {
    const environment = { DEFAULT_FLEET_FILE: fileOf({ devices: 500_000 }, "big") };
    await withOperator(environment, async ({ process }) => {
      await eventually(
        "it says so",
        () => process.log(),
        (log) => log.includes("must fit into 200 pods"),
      );
      await world.create(namespace, "city", {});
      await eventually("its pods", () => world.get(STATEFUL_SET, namespace, "fleet-city"), exists);
      expect(await memory()).toBeUndefined();
    });
  });
});
