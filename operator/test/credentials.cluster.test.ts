import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "#testkit";
import { CONFIG_MAP, type KubeObject, pathOf, POD, SECRET, STATEFUL_SET } from "#kubernetes";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import type { ConfigMap, StatefulSet } from "../controllers/desired.ts";
import type { Pod } from "../controllers/pods.ts";
import { SECRETS_ANNOTATION, serviceNames } from "../credentials/names.ts";
import { admits } from "../credentials/password-file.ts";
import { type Secret, type Values, valuesOf } from "../credentials/secret-keeper.ts";
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
  namespace = await world.namespace(`credentials-${(count += 1)}`);
});

const WANTED = {
  TLS_SERVICES: "mosquitto,lag-adapter",
  TLS_EXTRA_NAMES: "mosquitto:mqtt.example.org",
  MQTT_USERS: "bridge,agent",
  RANDOM_SECRETS: "kafka-cluster:cluster-id,grafana-admin:password,grafana-admin:key",
};
const NAMES = [
  "grafana-admin",
  "kafka-cluster",
  "lag-adapter-tls",
  "mosquitto-tls",
  "mosquitto-users",
  "mqtt-user-agent",
  "mqtt-user-bridge",
  "smart-home-ca",
];

async function secrets(): Promise<Secret[]> {
  const list = await world.api.call<{ items: Secret[] }>({ method: "GET", path: pathOf(SECRET, namespace) });
  return list.items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
const valuesIn = async (name: string): Promise<Values> =>
  valuesOf(await world.get<Secret>(SECRET, namespace, name).catch(() => undefined));
const versions = async (): Promise<string[]> =>
  (await secrets()).map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
const allThere = (names = NAMES): Promise<Secret[]> =>
  eventually(
    "all secrets are there",
    secrets,
    (found) => found.map(({ metadata }) => metadata.name).join() === names.join(),
  );
const certificateIn = async (name: string): Promise<X509Certificate> =>
  new X509Certificate((await valuesIn(name))["tls.crt"] ?? "");
const lineOf = async (user: string): Promise<string | undefined> =>
  (await valuesIn("mosquitto-users"))["passwords"]?.split("\n").find((line) => line.startsWith(`${user}:`));
const isLetIn = async (secret: string): Promise<boolean> => {
  const { username = "", password = "" } = await valuesIn(secret);
  return username !== "" && password !== "" && admits((await lineOf(username)) ?? "", password);
};

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

async function brokerPod(): Promise<() => Promise<string | undefined>> {
  const labels = { "app.kubernetes.io/name": "mosquitto" };
  const spec = { containers: [{ name: "mosquitto", image: "mosquitto:2" }] };
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name: "mosquitto-0", namespace, labels }, spec };
  await world.api.call({ method: "POST", path: pathOf(POD, namespace), body });
  return async () => (await world.get<Pod>(POD, namespace, "mosquitto-0")).metadata.annotations?.[SECRETS_ANNOTATION];
}

test("the first start makes everything, without a fleet or a broker; later starts write nothing", async () => {
  await withOperator(WANTED, async (operator) => {
    await allThere();
    const authority = await certificateIn("smart-home-ca");
    expect(authority.ca).toBe(true);
    const { data } = await world.get<ConfigMap>(CONFIG_MAP, namespace, "smart-home-ca");
    expect(data).toEqual({ "ca.crt": (await valuesIn("smart-home-ca"))["tls.crt"] });
    for (const [service, more] of [
      ["mosquitto", ["mqtt.example.org"]],
      ["lag-adapter", []],
    ] as const) {
      const secret = await world.get<Secret>(SECRET, namespace, `${service}-tls`);
      expect(secret.type).toBe("kubernetes.io/tls");
      expect(valuesOf(secret)["ca.crt"]).toBe(data?.["ca.crt"]);
      const certificate = await certificateIn(`${service}-tls`);
      expect(certificate.verify(authority.publicKey)).toBe(true);
      for (const name of [...serviceNames(service, namespace), ...more]) expect(certificate.checkHost(name)).toBe(name);
      expect(certificate.checkHost("example.org")).toBeUndefined();
    }
    expect((await valuesIn("mqtt-user-bridge"))["username"]).toBe("_bridge");
    await eventually(
      "the broker lets both in",
      async () => (await isLetIn("mqtt-user-bridge")) && isLetIn("mqtt-user-agent"),
    );
    expect((await valuesIn("kafka-cluster"))["cluster-id"]).toMatch(/^[\w][\w-]{21}$/);
    expect(Object.keys(await valuesIn("grafana-admin")).sort()).toEqual(["key", "password"]);
    const end = (name: string): Promise<number> =>
      operator.metric(`certificate_expiry_timestamp_seconds{secret="${name}"}`);
    expect(await end("smart-home-ca")).toBe(authority.validToDate.getTime() / 1000);
    expect(await end("lag-adapter-tls")).toBe((await certificateIn("lag-adapter-tls")).validToDate.getTime() / 1000);
  });
  const before = await versions();
  await withOperator(WANTED, async (operator) => {
    const done = 'controller_runtime_reconcile_total{controller="credentials",result="success"}';
    await eventually(
      "every duty was done",
      () => operator.metric(done),
      (seen) => seen >= 4,
    );
    expect(await operator.metric('rest_client_requests_total{method="PATCH",code="200"}')).toBe(0);
    expect(await versions()).toEqual(before);
  });
});

test("what is deleted comes back with another value, and the broker hears of it", async () => {
  const annotation = await brokerPod();
  await withOperator(WANTED, async () => {
    await allThere();
    const first = await eventually("the pod is told", annotation, (hash) => hash !== undefined);
    const before = await valuesIn("mqtt-user-bridge");
    const agentLine = await lineOf("_agent");
    await world.delete(SECRET, namespace, "mqtt-user-bridge");
    await eventually(
      "a new password",
      () => valuesIn("mqtt-user-bridge"),
      ({ password = before["password"] }) => password !== before["password"],
    );
    await eventually("the broker has it", () => isLetIn("mqtt-user-bridge"), Boolean);
    expect(await lineOf("_agent")).toBe(agentLine);
    const second = await eventually("the pod is told", annotation, (hash) => hash !== first);

    const old = await certificateIn("smart-home-ca");
    await world.delete(SECRET, namespace, "smart-home-ca");
    await eventually(
      "certificates of a new authority",
      async () => {
        const authority = await certificateIn("smart-home-ca");
        const certificates = await Promise.all(["mosquitto-tls", "lag-adapter-tls"].map(certificateIn));
        return (
          authority.fingerprint256 !== old.fingerprint256 &&
          certificates.every((one) => one.verify(authority.publicKey))
        );
      },
      Boolean,
    );
    const { data } = await world.get<ConfigMap>(CONFIG_MAP, namespace, "smart-home-ca");
    expect(data?.["ca.crt"]).toBe((await valuesIn("smart-home-ca"))["tls.crt"]);
    expect((await valuesIn("mosquitto-tls"))["ca.crt"]).toBe(data?.["ca.crt"]);
    await eventually("the pod is told", annotation, (hash) => hash !== second);

    for (const name of ["mosquitto-users", "kafka-cluster", "lag-adapter-tls"])
      await world.delete(SECRET, namespace, name);
    await world.delete(CONFIG_MAP, namespace, "smart-home-ca");
    await allThere();
    await eventually(
      "the ConfigMap is back",
      () => world.get<ConfigMap>(CONFIG_MAP, namespace, "smart-home-ca").catch(() => undefined),
      (found) => found?.data?.["ca.crt"] === data?.["ca.crt"],
    );
  });
});

test("what somebody else gave stays, and only what is missing is added", async () => {
  const given = (name: string, stringData: Values): Promise<unknown> =>
    world.api.call({
      method: "POST",
      path: pathOf(SECRET, namespace),
      body: { apiVersion: "v1", kind: "Secret", metadata: { name, labels: { mine: "yes" } }, stringData },
    });
  await given("grafana-admin", { password: "my own", other: "kept" });
  await given("mqtt-user-bridge", { username: "_bridge", password: "my own too" });
  await given("kafka-cluster", { "cluster-id": "" });
  await withOperator(WANTED, async () => {
    await allThere();
    const { key, ...kept } = await eventually(
      "the key is there",
      () => valuesIn("grafana-admin"),
      (values) => values["key"] !== undefined,
    );
    expect(key).toHaveLength(22);
    expect(kept).toEqual({ password: "my own", other: "kept" });
    expect((await world.get<Secret>(SECRET, namespace, "grafana-admin")).metadata.labels).toMatchObject({
      mine: "yes",
    });
    expect(await valuesIn("mqtt-user-bridge")).toEqual({ username: "_bridge", password: "my own too" });
    await eventually("the broker lets it in", () => isLetIn("mqtt-user-bridge"), Boolean);
    await eventually(
      "an empty value is none",
      () => valuesIn("kafka-cluster"),
      (values) => values["cluster-id"]?.length === 22,
    );
  });
});

test("certificates are renewed before their end, by the same authority; other names at once", async () => {
  const environment = { ...WANTED, CERTIFICATE_LIFETIME: "10s" };
  await withOperator(environment, async () => {
    await allThere();
    const [authority, first] = [await certificateIn("smart-home-ca"), await certificateIn("mosquitto-tls")];
    const second = await eventually(
      "renewed",
      () => certificateIn("mosquitto-tls"),
      ({ serialNumber }) => serialNumber !== first.serialNumber,
      { timeoutMs: 30_000 },
    );
    // The old one was still valid: a client never met an ended one.
    expect(second.validToDate.getTime()).toBeGreaterThan(first.validToDate.getTime());
    expect(second.validFromDate.getTime()).toBeLessThan(first.validToDate.getTime());
    expect((await certificateIn("smart-home-ca")).fingerprint256).toBe(authority.fingerprint256);
  });
  await withOperator({ ...WANTED, TLS_EXTRA_NAMES: "mosquitto:other.example.org" }, async () => {
    await eventually(
      "the new name",
      async () => (await certificateIn("mosquitto-tls")).checkHost("other.example.org"),
      (host) => host !== undefined,
    );
    expect((await certificateIn("mosquitto-tls")).checkHost("mqtt.example.org")).toBeUndefined();
  });
});

test("two operators at once, and one that is killed again and again: nothing is made twice", async () => {
  const seen = new Map<string, Set<string>>();
  const look = async (): Promise<number> => {
    for (const { metadata, data } of await secrets()) {
      if (metadata.name === "mosquitto-users") continue;
      const values = seen.get(metadata.name) ?? new Set();
      seen.set(metadata.name, values.add(JSON.stringify(data)));
    }
    return seen.size;
  };
  for (const wanted of [1, 3, 5]) {
    const operator = await startOperator(world, namespace, {
      ...WANTED,
      POD_NAME: `killed-${wanted}`,
      LEASE_DURATION: "1s",
    });
    await eventually(`${wanted} secrets`, look, (size) => size >= wanted, { intervalMs: 1 });
    await operator.process.kill();
  }
  const both = await Promise.all(
    ["one", "two"].map((name) => startOperator(world, namespace, { ...WANTED, POD_NAME: name }, '"message":"started"')),
  );
  try {
    await allThere();
    await eventually(
      "the broker lets both in",
      async () => (await isLetIn("mqtt-user-bridge")) && isLetIn("mqtt-user-agent"),
      Boolean,
    );
    await look();
    expect([...seen].map(([name, values]) => [name, values.size])).toEqual([...seen.keys()].map((name) => [name, 1]));
    expect((await certificateIn("mosquitto-tls")).verify((await certificateIn("smart-home-ca")).publicKey)).toBe(true);
  } finally {
    for (const { process } of both) await process.kill();
  }
});

describe("fleets", () => {
  const mqtts = { ...WANTED, FLEET_MQTT_URL: "mqtts://mosquitto:8883" };
  const setOf = (name: string): Promise<StatefulSet | undefined> =>
    world.get<StatefulSet>(STATEFUL_SET, namespace, `fleet-${name}`).catch(() => undefined);
  const templateOf = (set: StatefulSet | undefined): string => JSON.stringify(set?.spec["template"]);

  test("each has an account of its own, which its pods use; a new one replaces the pods", async () => {
    await withOperator(mqtts, async () => {
      await world.create(namespace, "city", {});
      const set = await eventually(
        "the pods",
        () => setOf("city"),
        (found) => found !== undefined,
      );
      const fleet = await world.get<SensorFleet>(FLEET, namespace, "city");
      const secret = await world.get<Secret>(SECRET, namespace, "fleet-city");
      expect(secret.metadata.ownerReferences).toMatchObject([{ kind: "SensorFleet", uid: fleet.metadata.uid }]);
      expect(valuesOf(secret)["username"]).toBe("city");
      await eventually("the broker lets it in", () => isLetIn("fleet-city"), Boolean);
      const [container] = (
        set?.spec["template"] as { spec: { containers: [{ env: unknown[]; volumeMounts: unknown[] }] } }
      ).spec.containers;
      expect(container.env).toContainEqual({
        name: "MQTT_PASSWORD",
        valueFrom: { secretKeyRef: { name: "fleet-city", key: "password" } },
      });
      expect(container.env).toContainEqual({ name: "NODE_EXTRA_CA_CERTS", value: "/etc/smart-home-ca/ca.crt" });
      expect(container.volumeMounts).toContainEqual({ name: "ca", mountPath: "/etc/smart-home-ca", readOnly: true });

      await world.delete(SECRET, namespace, "fleet-city");
      await eventually(
        "another template",
        () => setOf("city"),
        (found) => templateOf(found) !== templateOf(set),
      );
      expect((await valuesIn("fleet-city"))["password"]).not.toBe(valuesOf(secret)["password"]);
      await eventually("the broker lets it in", () => isLetIn("fleet-city"), Boolean);
      const before = await setOf("city");
      await world.delete(SECRET, namespace, "smart-home-ca");
      await eventually(
        "another template",
        () => setOf("city"),
        (found) => templateOf(found) !== templateOf(before),
      );
    });
  });

  test("a user goes with its fleet, but not before its pods", async () => {
    await withOperator(mqtts, async () => {
      await world.create(namespace, "city", {});
      await world.create(namespace, "village", {});
      await eventually(
        "both are let in",
        async () => (await isLetIn("fleet-city")) && isLetIn("fleet-village"),
        Boolean,
      );
      const line = await lineOf("city");
      const pod = await PlayedPod.start(world, namespace, "city", 0, "127.0.7.9");
      try {
        await world.delete(FLEET, namespace, "city");
        await world.delete(SECRET, namespace, "fleet-city");
        await world.delete(FLEET, namespace, "village");
        await eventually(
          "the one without pods is gone",
          () => lineOf("village"),
          (found) => found === undefined,
        );
        expect(await lineOf("city")).toBe(line);
        await world.delete(POD, namespace, pod.name);
        // Pods are deleted gracefully: no kubelet says that this one is gone.
        await world.api
          .call({ method: "DELETE", path: pathOf(POD, namespace, pod.name), query: { gracePeriodSeconds: 0 } })
          .catch(() => undefined);
        await eventually(
          "it is gone too",
          () => lineOf("city"),
          (found) => found === undefined,
        );
      } finally {
        await pod[Symbol.asyncDispose]();
      }
    });
  });

  test("a Secret of somebody else is not taken", async () => {
    const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "fleet-city" }, stringData: { mine: "yes" } };
    await world.api.call({ method: "POST", path: pathOf(SECRET, namespace), body });
    await withOperator(mqtts, async () => {
      await world.create(namespace, "city", {});
      const { status } = await eventually(
        "it says why",
        () => world.get<SensorFleet>(FLEET, namespace, "city"),
        (fleet) => fleet.status?.conditions?.some(({ reason }) => reason === "NameTaken") === true,
      );
      expect(status?.conditions?.find(({ type }) => type === "Ready")?.message).toContain("Secret fleet-city");
      expect(await valuesIn("fleet-city")).toEqual({ mine: "yes" });
    });
  });
});

describe("an APIService", () => {
  interface ApiService extends KubeObject {
    readonly spec: { readonly caBundle?: string; readonly groupPriorityMinimum: number };
  }
  const path = "/apis/apiregistration.k8s.io/v1/apiservices";
  const create = (name: string, of: string): Promise<unknown> => {
    const [version, ...group] = name.split(".");
    const service = { name: "lag-adapter", namespace: of, port: 443 };
    const spec = { group: group.join("."), version, groupPriorityMinimum: 100, versionPriority: 100, service };
    const body = { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { name }, spec };
    return world.api.call({ method: "POST", path, body });
  };
  const get = (name: string): Promise<ApiService> => world.api.call({ method: "GET", path: `${path}/${name}` });
  const remove = (name: string): Promise<unknown> => world.api.call({ method: "DELETE", path: `${path}/${name}` });

  test("is given the authority when it is there, and keeps it", async () => {
    const name = "v1beta1.mine.example.org";
    await withOperator({ ...WANTED, API_SERVICE: name }, async ({ process }) => {
      await allThere();
      await create(name, namespace);
      try {
        const { data } = await world.get<ConfigMap>(CONFIG_MAP, namespace, "smart-home-ca");
        const bundle = Buffer.from(data?.["ca.crt"] ?? "").toString("base64");
        await eventually(
          "the authority",
          () => get(name),
          ({ spec }) => spec.caBundle === bundle,
          { timeoutMs: 15_000 },
        );
        expect((await get(name)).spec.groupPriorityMinimum).toBe(100);
        await world.delete(SECRET, namespace, "smart-home-ca");
        await eventually(
          "another authority",
          () => get(name),
          ({ spec }) => spec.caBundle !== bundle,
          { timeoutMs: 15_000 },
        );
        expect(process.log()).not.toContain("api-service");
      } finally {
        await remove(name);
      }
    });
  });

  test("of another namespace is left alone", async () => {
    const name = "v1beta1.other.example.org";
    await create(name, "default");
    try {
      await withOperator({ ...WANTED, API_SERVICE: name }, async ({ process }) => {
        await eventually(
          "it says so",
          () => Promise.resolve(process.log()),
          (log) => log.includes("belongs to another service"),
        );
        expect((await get(name)).spec.caBundle).toBeUndefined();
        await allThere();
        // The authority's ConfigMap is one reason to look again; it is told once.
        await world.delete(SECRET, namespace, "smart-home-ca");
        await allThere();
        expect(process.log().split("belongs to another service")).toHaveLength(2);
      });
    } finally {
      await remove(name);
    }
  });
});

test("after an API server that was killed it goes on", async () => {
  const operator = await startOperator(world, namespace, { ...WANTED, LEASE_DURATION: "90s" });
  try {
    await allThere();
    await world.server.server.kill();
    await world.server.server.start();
    await world.delete(SECRET, namespace, "kafka-cluster");
    await eventually(
      "it is back",
      () => valuesIn("kafka-cluster"),
      (values) => values["cluster-id"] !== undefined,
      { timeoutMs: 40_000 },
    );
  } finally {
    await operator.process.kill();
  }
});
