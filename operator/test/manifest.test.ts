import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { temporaryDirectory } from "#testkit";
import { readManifest } from "../api/manifest.ts";
import { schemaProblems } from "../api/schema-problems.ts";
import { specSchema } from "../api/spec-schema.ts";
import { readConfig } from "../config.ts";
import { cases } from "./specs.ts";

const manifest = {
  apiVersion: "fleet.smart-home-bridge.dev/v1alpha1",
  kind: "SensorFleet",
  metadata: { name: "city" },
  spec: {},
};

function problems(given: unknown): readonly string[] {
  try {
    readManifest(given, "smart-home");
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("a manifest", () => {
  test.each(cases)("$name", ({ spec, refusal }) => {
    expect(problems({ ...manifest, spec }).length > 0).toBe(refusal !== undefined);
  });

  test.each<[string, unknown, string[]]>([
    ["nothing", undefined, ["apiVersion must be", "kind must be SensorFleet", "name"]],
    ["no spec", { ...manifest, spec: undefined }, ["spec must be given"]],
    ["another kind", { ...manifest, kind: "ConfigMap" }, ["kind must be SensorFleet"]],
    [
      "another namespace",
      { ...manifest, metadata: { name: "city", namespace: "x" } },
      ["metadata.namespace must be smart-home"],
    ],
    ["too long a name", { ...manifest, metadata: { name: "a".repeat(60) } }, ["at most 46"]],
    ["a replay", { ...manifest, spec: { startTime: "2026-01-31T12:00:00Z", replay: {} } }, ["replay", "startTime"]],
    [
      "a template of other pods",
      { ...manifest, spec: { template: { devicesPerPod: 0, images: "x" } } },
      ["template.devicesPerPod must be from 1", "template.images is not known"],
    ],
    [
      "a run without words",
      { ...manifest, spec: { run: { runId: 7, maxDuration: "1w" }, suspend: "yes" } },
      ["run.runId must be of type string", "run.maxDuration", "suspend must be of type boolean"],
    ],
    [
      "wrong quantities",
      { ...manifest, spec: { template: { resources: { limits: { memory: "much" } } } } },
      ["template.resources.limits.memory"],
    ],
  ])("%s is refused, with everything that is wrong", (_name, given, mentions) => {
    const found = problems(given).join("\n");
    for (const mention of mentions) expect(found).toContain(mention);
  });

  test("what only the API server knows is left to it", () => {
    expect(readManifest({ ...manifest, metadata: { name: "city", labels: { a: "b" } } }, "smart-home")).toEqual({
      ...manifest,
      metadata: { name: "city", labels: { a: "b" } },
      spec: {},
    });
  });
});

test.each([
  [{ devices: 1_000_001 }, "spec.devices must be from 0 to 1000000"],
  [{ stages: [{ devicesPercent: 1 }] }, "spec.stages[0].duration must be given"],
  [{ profiles: [] }, "spec.profiles must have 1 to"],
  [{ deviceIdPrefix: "" }, "spec.deviceIdPrefix must be"],
  [{ faults: [{ type: "Fire" }] }, "spec.faults[0].type must be one of"],
  [{ interval: 5 }, "spec.interval must be of type string"],
])("the schema has something against %j", (spec, mention) => {
  expect(schemaProblems(specSchema, spec, "spec").join()).toContain(mention);
});

describe("DEFAULT_FLEET_FILE", () => {
  const needed = {
    NAMESPACE: "smart-home",
    POD_NAME: "x",
    SIMULATOR_IMAGE: "x:1",
    FLEET_MQTT_URL: "mqtt://x",
    KUBECONFIG: "x",
  };
  const directory = temporaryDirectory("manifest");
  const path = join(directory, "fleet.yaml");
  afterAll(() => rmSync(directory, { recursive: true }));
  const read = (text: string, more = {}): ReturnType<typeof readConfig> => {
    writeFileSync(path, text);
    return readConfig({ ...needed, DEFAULT_FLEET_FILE: path, ...more });
  };
  const yaml = `# the first fleet
apiVersion: ${manifest.apiVersion}
kind: SensorFleet
metadata: { name: city }
spec:
  devices: 100
  template: { devicesPerPod: 50 }
`;

  test("is YAML or JSON", () => {
    const expected = { ...manifest, spec: { devices: 100, template: { devicesPerPod: 50 } } };
    expect(read(yaml).config.defaultFleet).toEqual(expected);
    expect(read(JSON.stringify(expected)).config.defaultFleet).toEqual(expected);
    expect(readConfig(needed).config.defaultFleet).toBeUndefined();
  });

  test.each([
    ["wrong in several ways", yaml.replace("100", "-1").replace("50", "0"), ["devices", "template.devicesPerPod"]],
    ["no YAML", "a: [", ["fleet.yaml: "]],
    ["of another namespace", yaml.replace("name: city", "name: city, namespace: other"), ["metadata.namespace"]],
  ])("%s: a problem of the configuration", (_name, text, mentions) => {
    for (const mention of mentions) expect(() => read(text)).toThrow(mention);
    expect(() => read(text)).toThrow(ConfigError);
  });

  test("missing, together with other problems", () => {
    const given = { ...needed, DEFAULT_FLEET_FILE: "/none/fleet.yaml", MQTT_USERS: "a,a" };
    for (const mention of ["/none/fleet.yaml: cannot be read", "mqtt-user-a twice"])
      expect(() => readConfig(given)).toThrow(mention);
  });
});
