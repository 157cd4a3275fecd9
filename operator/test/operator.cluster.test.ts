import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "#testkit";
import { FLEET_FILE_ANNOTATION } from "../api/names.ts";
import { conditionTypes, type Condition, type SensorFleet } from "../api/sensor-fleet.ts";
import { desired, type ConfigMap, type StatefulSet } from "../controllers/desired.ts";
import { type Secret, valuesOf } from "../credentials/secret-keeper.ts";
import { runStateOf } from "../controllers/run-state.ts";
import {
  CONFIG_MAP,
  EVENT,
  kubeErrors,
  type KubeObject,
  LEASE,
  pathOf,
  POD,
  type Resource,
  SECRET,
  STATEFUL_SET,
} from "#kubernetes";
import { PlayedPod, startOperator, type RunningOperator } from "./operator-process.ts";
import { FLEET, World } from "./world.ts";

let world: World;
let namespace: string;
let count = 0;

beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  namespace = await world.namespace(`fleets-${(count += 1)}`);
});

const fleetOf = (name: string): Promise<SensorFleet> => world.get<SensorFleet>(FLEET, namespace, name);
const setOf = (name: string): Promise<StatefulSet> => world.get<StatefulSet>(STATEFUL_SET, namespace, `fleet-${name}`);
const fileOf = async (name: string): Promise<Record<string, unknown>> => {
  const { data } = await world.get<ConfigMap>(CONFIG_MAP, namespace, `fleet-${name}`);
  return JSON.parse(data?.["fleet.yaml"] ?? "{}") as Record<string, unknown>;
};
const change = (name: string, spec: unknown): Promise<unknown> => world.patch(FLEET, namespace, name, { spec });
const ready = ({ status }: SensorFleet): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === "Ready");
const isGone = async (resource: Resource, name: string): Promise<boolean> => {
  try {
    await world.get(resource, namespace, name);
    return false;
  } catch (error) {
    return kubeErrors.is(error, "NOT_FOUND");
  }
};
const replicas = (name: string, wanted: number): Promise<StatefulSet> =>
  eventually(
    `${wanted} pods`,
    () => setOf(name),
    ({ spec }) => spec.replicas === wanted,
  );
const reason = (name: string, wanted: string): Promise<SensorFleet> =>
  eventually(
    `Ready says ${wanted}`,
    () => fleetOf(name),
    (fleet) => ready(fleet)?.reason === wanted,
  );
const stories = async (): Promise<string[]> => {
  const { items } = await world.api.call<{ items: { reason: string }[] }>({
    method: "GET",
    path: pathOf(EVENT, namespace),
  });
  return items.map((event) => event.reason);
};

/** Runs an operator for one test. */
async function withOperator(run: (operator: RunningOperator) => Promise<void>): Promise<void> {
  const operator = await startOperator(world, namespace);
  try {
    await run(operator);
  } finally {
    await operator.process.kill();
  }
}

test("a fleet becomes a ConfigMap and a StatefulSet of its own; scale, edit, drift and deletions are followed", async () => {
  await withOperator(async (operator) => {
    await world.create(namespace, "city", { devices: 1200, interval: "2s" });
    const set = await replicas("city", 3);
    const { metadata } = await fleetOf("city");
    expect(set.metadata.ownerReferences).toMatchObject([{ kind: "SensorFleet", uid: metadata.uid, controller: true }]);
    expect(await fileOf("city")).toMatchObject({ name: "city", devices: 1200, interval: "2s" });
    const { status } = await reason("city", "StartingPods");
    expect(status).toMatchObject({ observedGeneration: 1, devices: 1200, pods: "0/3", stage: "-", runId: "1" });
    expect(status?.conditions?.map(({ type }) => type).sort()).toEqual([...conditionTypes].sort());

    await world.patch(FLEET, namespace, "city", { spec: { replicas: 300 } }, "scale");
    expect((await replicas("city", 1)).metadata.uid).toBe(set.metadata.uid);
    await change("city", { faults: [{ type: "Duplicate", readings: "1%" }] });
    await eventually(
      "the file has the fault",
      () => fileOf("city"),
      (file) => Array.isArray(file["faults"]),
    );

    await world.patch(STATEFUL_SET, namespace, "fleet-city", { spec: { replicas: 9 } });
    await replicas("city", 1);
    await world.patch(CONFIG_MAP, namespace, "fleet-city", { data: { "fleet.yaml": "{}" } });
    await eventually(
      "the file is back",
      () => fileOf("city"),
      (file) => file["devices"] === 300,
    );
    for (const resource of [CONFIG_MAP, STATEFUL_SET]) {
      const { metadata: old } = await world.get<KubeObject>(resource, namespace, "fleet-city");
      await world.delete(resource, namespace, "fleet-city");
      const isNew = (found: KubeObject): boolean => found.metadata.uid !== old.uid;
      await eventually(
        `the ${resource.kind} is back`,
        () => world.get<KubeObject>(resource, namespace, "fleet-city"),
        isNew,
      );
    }
    await eventually("events", stories, (told) => ["RunStarted", "FleetScaled"].every((one) => told.includes(one)));
    expect((await operator.process.stop()).code).toBe(0);
    const lease = await world.get<KubeObject & { spec: { holderIdentity: string } }>(
      LEASE,
      namespace,
      "sensorfleet-operator",
    );
    expect(lease.spec.holderIdentity).toBe("");
  });
});

/** Successful writes; the lease is renewed by PUT. */
const writes = async (operator: RunningOperator): Promise<number> => {
  const calls = (method: string, code: number): Promise<number> =>
    operator.metric(`rest_client_requests_total{method="${method}",code="${code}"}`);
  return (await calls("PATCH", 200)) + (await calls("PATCH", 201)) + (await calls("POST", 201));
};

test("what did not change is not written: 50 fleets, and an operator that comes back", async () => {
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => world.create(namespace, `fleet-${index}`, { devices: 600 })),
  );
  const versions = async (): Promise<string[]> => {
    const lists = [FLEET, CONFIG_MAP, STATEFUL_SET, SECRET].map((resource) =>
      world.api.call<{ items: KubeObject[] }>({ method: "GET", path: pathOf(resource, namespace) }),
    );
    return (await Promise.all(lists)).flatMap(({ items }) =>
      items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
    );
  };
  const settled = async (): Promise<void> => {
    const { items } = await world.list(namespace);
    expect(items.filter((fleet) => ready(fleet)?.reason === "StartingPods")).toHaveLength(50);
    // A run's beginning is in the status before its objects are there. Beside these: the authority, twice, and the users.
    expect(await versions()).toHaveLength(200 + 3);
    const { passwords } = valuesOf(await world.get<Secret>(SECRET, namespace, "mosquitto-users"));
    expect(passwords?.trim().split("\n")).toHaveLength(50);
  };
  let before: string[] = [];
  await withOperator(async (operator) => {
    await eventually("all are there", async () => settled().then(() => true), Boolean, { timeoutMs: 60_000 });
    before = await versions();
    const reconciles = (): Promise<number> =>
      operator.metric('controller_runtime_reconcile_total{controller="sensorfleet",result="success"}');
    const [written, done] = [await writes(operator), await reconciles()];
    await eventually("each is looked at five times", reconciles, (seen) => seen >= done + 250, { timeoutMs: 30_000 });
    expect((await writes(operator)) - written).toBe(0);
    expect(await versions()).toEqual(before);
  });
  await withOperator(async (operator) => {
    await eventually(
      "each is looked at",
      () => operator.metric('controller_runtime_reconcile_total{controller="sensorfleet",result="success"}'),
      (seen) => seen >= 50,
    );
    expect(await writes(operator)).toBe(0);
    expect(await versions()).toEqual(before);
  });
});

test("suspend, resume, completion, rerun, time to live", async () => {
  await withOperator(async () => {
    await world.create(namespace, "city", { suspend: true });
    await reason("city", "Suspended");
    await replicas("city", 0);
    await change("city", { suspend: false, run: { maxDuration: "1s" } });
    await replicas("city", 1);
    const { status } = await reason("city", "Completed");
    expect(Date.parse(status?.completionTime ?? "")).toBe(Date.parse(status?.startTime ?? "") + 1000);
    await replicas("city", 0);
    await change("city", { run: { runId: "2", maxDuration: null } });
    await replicas("city", 1);
    const again = await reason("city", "StartingPods");
    expect(again.status).toMatchObject({ runId: "2" });
    expect(again.status?.completionTime).toBeUndefined();
    await change("city", { run: { runId: "3", maxDuration: "1s", ttlAfterFinished: "1s" } });
    await eventually("it is gone", () => isGone(FLEET, "city"));
    await eventually("events", stories, (told) =>
      ["Suspended", "RunStarted", "Completed"].every((one) => told.includes(one)),
    );
  });
});

test("a fleet that cannot be made says why, and the others do not notice", async () => {
  await withOperator(async () => {
    const taken = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "fleet-taken" }, data: { mine: "yes" } };
    await world.api.call({ method: "POST", path: pathOf(CONFIG_MAP, namespace), body: taken });
    await world.create(namespace, "taken", {});
    const resources = { requests: { memory: "2Gi" }, limits: { memory: "1Gi" } };
    await world.create(namespace, "greedy", { template: { resources } });
    await world.create(namespace, "city", {});
    await replicas("city", 1);
    expect(ready(await reason("taken", "NameTaken"))?.message).toContain("fleet-taken");
    expect((await world.get<ConfigMap>(CONFIG_MAP, namespace, "fleet-taken")).data).toEqual({ mine: "yes" });
    expect(ready(await reason("greedy", "Rejected"))?.message).toContain("must be less than or equal to memory limit");
    await change("greedy", { template: { resources: null } });
    await replicas("greedy", 1);
    await reason("greedy", "StartingPods");
  });
});

test("pods: their file, their numbers, a broker that is away, and one that blocks its own repair", async () => {
  await withOperator(async () => {
    await world.create(namespace, "city", { devices: 600 });
    await replicas("city", 2);
    const pods = await Promise.all(
      [0, 1].map((index) => PlayedPod.start(world, namespace, "city", index, `127.0.7.${index + 1}`)),
    );
    try {
      const fleet = await fleetOf("city");
      const run = runStateOf(fleet.spec, fleet.status ?? {}, 0);
      const settings = { image: "", mqttUrl: "", requests: {}, limits: {}, stopGraceSeconds: 1 };
      const { fileHash } = desired(fleet, run, settings, { account: "", authority: undefined });
      for (const pod of pods)
        await eventually(
          "the file's hash",
          () => pod.annotations(world, namespace),
          (seen) => seen[FLEET_FILE_ANNOTATION] === fileHash,
        );
      const say = (on: number, connected: number): void =>
        pods.forEach((pod) => (pod.summary = { devices: 300, on, connected, acknowledged: 7, fleetFile: fileHash }));
      say(300, 300);
      const { status } = await reason("city", "Running");
      expect(status).toMatchObject({ connectedDevices: 600, pods: "2/2" });
      expect(status?.conditions?.map((condition) => [condition.type, condition.status])).toEqual(
        expect.arrayContaining([
          ["Ready", "True"],
          ["Reconciled", "True"],
          ["Connected", "True"],
          ["Suspended", "False"],
        ]),
      );
      say(300, 0);
      await reason("city", "BrokerUnreachable");
      say(300, 100);
      await reason("city", "Connecting");
      say(300, 300);
      await change("city", { interval: "1s" });
      await eventually(
        "Reconciled waits for the pods",
        async () => (await fleetOf("city")).status?.conditions,
        (conditions) =>
          conditions?.some(({ type, reason: why }) => type === "Reconciled" && why === "Updating") === true,
      );
      const [broken] = pods as [PlayedPod];
      const waiting = {
        name: "simulator",
        image: "x",
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: "ImagePullBackOff" } },
      };
      await broken.setStatus(world, namespace, {
        conditions: [{ type: "Ready", status: "False" }],
        containerStatuses: [waiting],
      });
      await reason("city", "ImagePullFailed");
      await world.patch(
        STATEFUL_SET,
        namespace,
        "fleet-city",
        { status: { replicas: 2, updateRevision: "new" } },
        "status",
      );
      await eventually("it is deleted", () => isGone(POD, broken.name));
      await eventually("events", stories, (told) =>
        ["BrokerUnreachable", "ImagePullFailed", "Ready"].every((one) => told.includes(one)),
      );
    } finally {
      for (const pod of pods) await pod[Symbol.asyncDispose]();
    }
  });
});

describe("several operators", () => {
  test("one leads; the other takes over at once after a stop, and after the lease's time after a kill", async () => {
    const first = await startOperator(world, namespace, { POD_NAME: "first" });
    const second = await startOperator(world, namespace, { POD_NAME: "second" }, '"message":"started"');
    const third = await startOperator(world, namespace, { POD_NAME: "third" }, '"message":"started"');
    const leads = (operator: RunningOperator): Promise<boolean> =>
      operator.metric("leader_election_master_status").then((value) => value === 1);
    try {
      expect([await leads(first), await leads(second), await leads(third)]).toEqual([true, false, false]);
      for (const operator of [first, second, third]) await eventually("it is ready", () => operator.isReady());
      expect((await first.process.stop()).code).toBe(0);
      await eventually("one of the others leads", async () => (await leads(second)) || (await leads(third)));
      const [leader, waiting] = (await leads(second)) ? [second, third] : [third, second];
      expect(await leads(waiting)).toBe(false);
      await leader.process.kill();
      await world.create(namespace, "city", {});
      await eventually("the last one leads", () => leads(waiting), Boolean, { timeoutMs: 15_000 });
      await replicas("city", 1);
    } finally {
      for (const { process } of [first, second, third]) await process.kill();
    }
  });
});

test("an API server that is killed and comes back: the operator goes on", async () => {
  const operator = await startOperator(world, namespace, { LEASE_DURATION: "90s" });
  try {
    await world.create(namespace, "city", {});
    await replicas("city", 1);
    await world.server.server.kill();
    await eventually(
      "the operator noticed",
      () => operator.metric("informer_errors_total"),
      (errors) => errors >= 4,
    );
    await world.server.server.start();
    await change("city", { devices: 1000 });
    await eventually(
      "two pods",
      () => setOf("city"),
      ({ spec }) => spec.replicas === 2,
      { timeoutMs: 40_000 },
    );
    expect(operator.process.isRunning).toBe(true);
  } finally {
    await operator.process.kill();
  }
});
