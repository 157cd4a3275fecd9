import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "#testkit";
import { CONFIG_MAP, pathOf, SECRET, STATEFUL_SET } from "#kubernetes";
import { API_VERSION, KIND } from "../api/names.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import type { ConfigMap, StatefulSet } from "../controllers/desired.ts";
import { clusterRights, rights } from "../rights.ts";
import { PlayedPod, startOperator } from "./operator-process.ts";
import { FLEET, World } from "./world.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const API_SERVICE = "v1beta1.rights.example.org";
const namespace = "rights";
let world: World;

beforeAll(async () => {
  world = await World.start();
  await world.namespace(namespace);
});
afterAll(() => world[Symbol.asyncDispose]());

const post = (path: string, body: unknown): Promise<unknown> => world.api.call({ method: "POST", path, body });

/** A user with exactly the rights of the operator. */
async function restrictedKubeconfig(): Promise<string> {
  const subjects = [{ kind: "User", name: "operator", apiGroup: "rbac.authorization.k8s.io" }];
  const bind = async (kind: "Role" | "ClusterRole", root: string, rules: unknown): Promise<void> => {
    const metadata = { name: "operator" };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: "operator" };
    await post(`${root}/${kind.toLowerCase()}s`, { apiVersion: RBAC, kind, metadata, rules });
    await post(`${root}/${kind.toLowerCase()}bindings`, {
      apiVersion: RBAC,
      kind: `${kind}Binding`,
      metadata,
      roleRef,
      subjects,
    });
  };
  await bind("Role", `/apis/${RBAC}/namespaces/${namespace}`, rights);
  await bind("ClusterRole", `/apis/${RBAC}`, clusterRights(API_SERVICE));
  const config = JSON.parse(readFileSync(world.server.kubeconfig, "utf8")) as {
    users: { user: Record<string, string> }[];
  };
  for (const { user } of config.users) user["as"] = "operator";
  const path = `${world.server.kubeconfig}-operator`;
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test("the rights are enough for all that it does, and for nothing more than it is told", async () => {
  const service = { name: "lag-adapter", namespace, port: 443 };
  const spec = {
    group: "rights.example.org",
    version: "v1beta1",
    groupPriorityMinimum: 100,
    versionPriority: 100,
    service,
  };
  const path = "/apis/apiregistration.k8s.io/v1/apiservices";
  await post(path, {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: API_SERVICE },
    spec,
  });
  const file = `${world.server.kubeconfig}-fleet`;
  const metadata = { name: "demo" };
  writeFileSync(file, JSON.stringify({ apiVersion: API_VERSION, kind: KIND, metadata, spec: { devices: 300 } }));
  const operator = await startOperator(world, namespace, {
    KUBECONFIG: await restrictedKubeconfig(),
    FLEET_MQTT_URL: "mqtts://mosquitto:8883",
    TLS_SERVICES: "mosquitto",
    MQTT_USERS: "bridge",
    RANDOM_SECRETS: "a:b",
    API_SERVICE,
    DEFAULT_FLEET_FILE: file,
  });
  try {
    const set = (): Promise<StatefulSet> => world.get<StatefulSet>(STATEFUL_SET, namespace, "fleet-demo");
    await eventually("the default fleet has pods", set);
    const pod = await PlayedPod.start(world, namespace, "demo", 0, "127.0.7.10");
    try {
      await eventually(
        "the authority is in the APIService",
        async () => {
          const found = await world.api.call<{ spec: { caBundle?: string } }>({
            method: "GET",
            path: `${path}/${API_SERVICE}`,
          });
          return found.spec.caBundle !== undefined;
        },
        Boolean,
        { timeoutMs: 15_000 },
      );
      // Replaced, put back, annotated, deleted: each of the verbs.
      await world.patch(SECRET, namespace, "a", { data: { b: null } });
      await world.patch(STATEFUL_SET, namespace, "fleet-demo", { spec: { replicas: 7 } });
      await world.delete(CONFIG_MAP, namespace, "fleet-demo");
      await eventually("it is put back", set, ({ spec: { replicas } }) => replicas === 1);
      await eventually("the file is back", () => world.get<ConfigMap>(CONFIG_MAP, namespace, "fleet-demo"));
      await eventually(
        "the value is back",
        () => world.get<{ data?: object } & ConfigMap>(SECRET, namespace, "a"),
        ({ data }) => data?.["b"] !== undefined,
      );
      await eventually(
        "the pod is told",
        () => pod.annotations(world, namespace),
        (found) => Object.keys(found).length > 0,
      );
      const waiting = {
        name: "simulator",
        image: "x",
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: "ImagePullBackOff" } },
      };
      await pod.setStatus(world, namespace, {
        conditions: [{ type: "Ready", status: "False" }],
        containerStatuses: [waiting],
      });
      await world.patch(
        STATEFUL_SET,
        namespace,
        "fleet-demo",
        { status: { replicas: 1, updateRevision: "new" } },
        "status",
      );
      await eventually("it is deleted", () =>
        world
          .get(FLEET, namespace, "demo")
          .then(() => pod.annotations(world, namespace))
          .then(
            () => false,
            () => true,
          ),
      );
      await world.patch(FLEET, namespace, "demo", { spec: { run: { maxDuration: "1s", ttlAfterFinished: "0ms" } } });
      await eventually(
        "the fleet is over",
        async () =>
          (await world.api.call<{ items: SensorFleet[] }>({ method: "GET", path: pathOf(FLEET, namespace) })).items
            .length === 0,
      );
    } finally {
      await pod[Symbol.asyncDispose]();
    }
    expect((await operator.process.stop()).code).toBe(0);
    expect(operator.process.log()).not.toMatch(/forbidden|was not written|FORBIDDEN/);
    expect(
      await world.api.call<unknown>({ method: "GET", path: pathOf(SECRET, namespace, "mosquitto-users") }),
    ).toBeDefined();
  } finally {
    await operator.process.kill();
  }
});
