import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { ConfigError, configTable } from "#runtime";
import { operatorSchema, readConfig } from "../config.ts";
import { Store } from "../kube/store.ts";
import { certificateMetrics, eventMetrics, stateMetrics } from "../metrics.ts";
import { rights } from "../rights.ts";
import { makeAuthority } from "../pki/issue.ts";
import { NOW_MS, sensorFleet } from "./fleets.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import type { Secret } from "../credentials/secret-keeper.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the table of variables is the schema's", () => {
  expect(README).toContain(configTable(operatorSchema));
});

test("the table of metrics is the registry's, and every series is there before anything happened", async () => {
  const registry = new Registry();
  const fleets = new Store<SensorFleet>();
  fleets.set(sensorFleet());
  eventMetrics(registry, ["sensorfleets"]);
  stateMetrics(registry, { queue: { depth: 0, active: 0 }, lease: { isHeld: false }, fleets });
  const secrets = new Store<Secret>();
  const { certificate } = await makeAuthority({ nowMs: NOW_MS, lifetimeMs: 60_000 });
  const data = { "tls.crt": Buffer.from(certificate).toString("base64") };
  secrets.set({ apiVersion: "v1", kind: "Secret", metadata: { name: "smart-home-ca" }, data });
  certificateMetrics(registry, secrets, ["mosquitto"]);
  const metrics = await registry.getMetricsAsJSON();
  const rows = metrics.map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |`);
  expect(README).toContain(["| metric | type | meaning |", "| --- | --- | --- |", ...rows].join("\n") + "\n");
  for (const { name, values } of metrics) expect([name, values.length]).not.toEqual([name, 0]);
});

test("the table of rights is what the operator is tried with", () => {
  const rows = rights.map(
    ({ apiGroups: [group = ""], resources, verbs }) =>
      `| ${group === "" ? "core" : `\`${group}\``} | \`${resources.join()}\` | ${verbs.join(", ")} |`,
  );
  expect(README).toContain(["| group | resource | verbs |", "| --- | --- | --- |", ...rows].join("\n") + "\n");
});

const needed = { NAMESPACE: "x", POD_NAME: "x", SIMULATOR_IMAGE: "x:1", FLEET_MQTT_URL: "mqtt://x", KUBECONFIG: "x" };

test.each([
  ["nothing", {}, ["NAMESPACE", "POD_NAME", "SIMULATOR_IMAGE", "FLEET_MQTT_URL"]],
  ["no way to the API server", { ...needed, KUBECONFIG: "" }, ["KUBECONFIG must be set"]],
  ["half a second", { ...needed, POD_STOP_GRACE_PERIOD: "1500ms" }, ["whole seconds"]],
  ["no quantity", { ...needed, POD_CPU_REQUEST: "much" }, ["POD_CPU_REQUEST"]],
])("%s is refused with what to change", (_name, environment, mentions) => {
  const read = (): unknown => readConfig(environment);
  expect(read).toThrow(ConfigError);
  for (const mention of mentions) expect(read).toThrow(mention);
});

test("in a pod, Kubernetes says where the API server is", () => {
  const environment = { ...needed, KUBECONFIG: "", KUBERNETES_SERVICE_HOST: "10.96.0.1" };
  expect(readConfig(environment).config.KUBECONFIG).toBeUndefined();
});
