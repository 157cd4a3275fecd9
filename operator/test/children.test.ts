import { expect, test } from "vitest";
import { type Call, kubeErrors, type KubeObject } from "#kubernetes";
import { silentLogger } from "#runtime";
import { Children } from "../controllers/children.ts";
import { type ConfigMap, desired, type StatefulSet } from "../controllers/desired.ts";
import { runStateOf } from "../controllers/run-state.ts";
import { type Secret, SecretKeeper } from "../credentials/secret-keeper.ts";
import { Store } from "../kube/store.ts";
import { NOW_MS, sensorFleet } from "./fleets.ts";

const fleet = sensorFleet();
const settings = {
  image: "simulator:1",
  mqttUrl: "mqtt://mosquitto:1883",
  requests: { cpu: "50m" },
  limits: { memory: "400Mi" },
  stopGraceSeconds: 30,
};

/** An API server without objects, and with a webhook that changes what is applied. */
class World {
  readonly statefulSets = new Store<StatefulSet>();
  webhook = (text: string): string => text;
  readonly #children: Children;
  #writes: string[] = [];
  #version = 0;

  constructor() {
    const common = { api: { call: <T>(call: Call) => this.#answer(call) as Promise<T> }, namespace: "smart-home" };
    const log = silentLogger;
    const store = new Store<Secret>();
    const secrets = new SecretKeeper({ ...common, store, log, onWritten: () => undefined });
    const configMaps = new Store<ConfigMap>();
    const { statefulSets } = this;
    this.#children = new Children({ ...common, configMaps, statefulSets, secrets, usesTls: false, log });
  }

  /** The kinds that were written. */
  async apply(image = settings.image): Promise<string[]> {
    this.#writes = [];
    const access = await this.#children.access(fleet);
    if ("reason" in access) throw new Error(access.message);
    const wanted = desired(fleet, runStateOf(fleet.spec, {}, NOW_MS), { ...settings, image }, access);
    await this.#children.applyAll(fleet, wanted);
    return this.#writes;
  }

  /** Somebody changes the pods. */
  change(from: string, to: string): void {
    const set = this.statefulSets.get("fleet-city");
    this.statefulSets.set(this.#stamped(JSON.stringify(set).replace(from, to)) as StatefulSet);
  }

  #answer({ method, body }: Call): Promise<KubeObject> {
    if (method === "GET") return Promise.reject(kubeErrors.create("NOT_FOUND", "there is none"));
    const object = this.#stamped(this.webhook(JSON.stringify(body)));
    this.#writes.push(object.kind);
    return Promise.resolve(object);
  }

  #stamped(text: string): KubeObject {
    const object = JSON.parse(text) as KubeObject;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String((this.#version += 1)) } };
  }
}

test("what did not change is not written, what did is", async () => {
  const world = new World();
  expect(await world.apply()).toEqual(["Secret", "ConfigMap", "StatefulSet"]);
  expect(await world.apply()).toEqual([]);
  expect(await world.apply("simulator:2")).toEqual(["StatefulSet"]);
  world.change('"cpu":"50m"', '"cpu":"60m"');
  expect(await world.apply("simulator:2")).toEqual(["StatefulSet"]);
  expect(await world.apply("simulator:2")).toEqual([]);
});

test("what a webhook makes of it at once counts as given; a later change does not", async () => {
  const world = new World();
  world.webhook = (text) => text.replace('"cpu":"50m"', '"cpu":"250m"');
  await world.apply();
  expect(await world.apply()).toEqual([]);
  world.change('"cpu":"250m"', '"cpu":"50m"');
  expect(await world.apply()).toEqual([]);
  world.change('"cpu":"50m"', '"cpu":"2"');
  expect(await world.apply()).toEqual(["StatefulSet"]);
  expect(await world.apply()).toEqual([]);
});
