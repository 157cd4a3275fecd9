/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument -- specs are read as kubectl reads them: without types. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { readInputs } from "../config.ts";
import { retentionMib } from "../parts/kafka.ts";
import { rememberedInputs } from "../remembered-inputs.ts";
import { manifests } from "../sets.ts";
import { bytes, cores, fleetObjects, objectsOf, ofOperator, podTemplates, profiles } from "./objects.ts";

const SECRET_LIKE = /password|token|secret|private/i;

describe.each(profiles.map((profile) => [profile.name, profile] as const))("%s", (_name, profile) => {
  const objects = objectsOf(profile);
  const ofFleet = fleetObjects(objects);
  const templates = podTemplates([...objects, ...ofFleet]);
  const containers = templates.flatMap(({ name, template }) =>
    [...template.spec.containers, ...(template.spec.initContainers ?? [])].map((container) => ({
      pod: name,
      container,
    })),
  );

  test("nothing was lost on the way and nothing is empty: no null, no list or map that the API server would drop", () => {
    const lost = [...objects, ...ofFleet].flatMap((object) =>
      lostFields(object, `${object.kind}/${object.metadata.name}`),
    );
    expect(lost).toEqual([]);
  });

  test("every object has a name of its own and is small enough for a client-side apply", () => {
    const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    // The annotation that keeps the last applied object holds 262,144 bytes.
    for (const object of objects) expect(JSON.stringify(object).length, object.metadata.name).toBeLessThan(200_000);
  });

  test("no custom resource, no secret, and in kube-system one RoleBinding", () => {
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith("fleet."))).toEqual([]);
    expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
    const outside = objects.filter(({ metadata }) => metadata.namespace === "kube-system");
    expect(outside.map(({ kind }) => kind)).toEqual(["RoleBinding"]);
    for (const { container } of containers)
      for (const { name, value } of container.env ?? [])
        if (SECRET_LIKE.test(name) && name !== "RANDOM_SECRETS") expect(value, name).toBeUndefined();
  });

  test("the namespace enforces Restricted, and every pod keeps it", () => {
    const namespace = objects.find(({ kind }) => kind === "Namespace");
    expect(namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    for (const { name, template } of templates) {
      expect(template.spec["securityContext"], name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(
        template.spec["hostNetwork"] ?? template.spec["hostPID"] ?? template.spec["hostIPC"],
        name,
      ).toBeUndefined();
      for (const { hostPath } of template.spec.volumes ?? []) expect(hostPath, name).toBeUndefined();
    }
    for (const { pod, container } of containers)
      expect(container.securityContext, `${pod}/${container.name}`).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
  });

  test("every container asks for CPU, memory and disk within Autopilot's rules, and is limited in the last two", () => {
    for (const { pod, container } of containers) {
      const { requests, limits } = container.resources;
      expect(Object.keys(requests).sort(), pod).toEqual(["cpu", "ephemeral-storage", "memory"]);
      expect(Object.keys(limits).sort(), pod).toEqual(["ephemeral-storage", "memory"]);
      expect(bytes(limits["memory"]!), pod).toBeGreaterThanOrEqual(bytes(requests["memory"]!));
    }
    for (const { name, template } of templates) {
      const requests = template.spec.containers.map(({ resources }) => resources.requests);
      const cpu = sum(requests.map(({ cpu = "" }) => cores(cpu)));
      const gib = sum(requests.map(({ memory = "" }) => bytes(memory))) / 2 ** 30;
      // https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests: at least 50m; 1:1 to 1:6.5.
      expect(cpu, name).toBeGreaterThanOrEqual(0.05);
      if (profile.name !== "gke") continue;
      expect(gib / cpu, name).toBeGreaterThanOrEqual(1);
      expect(gib / cpu, name).toBeLessThanOrEqual(6.5);
    }
  });

  test("images and plugins are pinned, and pulled only if they are not there", () => {
    for (const { pod, container } of containers) {
      expect(container.image, pod).toMatch(/^[a-z0-9.-]+(:\d+)?\/.+(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$/);
      expect(container.imagePullPolicy, pod).toBe("IfNotPresent");
      const plugins = container.env?.find(({ name }) => name === "GF_PLUGINS_PREINSTALL_SYNC")?.value;
      for (const plugin of plugins?.split(",") ?? []) expect(plugin, pod).toMatch(/^[a-z0-9-]+@\d+\.\d+\.\d+$/);
    }
  });

  test("every pod that stays has probes, a budget and a policy, and no token without a need", () => {
    const budgets = objects.filter(({ kind }) => kind === "PodDisruptionBudget");
    const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
    for (const { name, kind, template } of templates) {
      const part = template.metadata.labels["app.kubernetes.io/name"]!;
      expect(
        policies.some(({ spec }) => selects(spec.podSelector.matchLabels, part)),
        name,
      ).toBe(true);
      expect(template.spec["automountServiceAccountToken"], name).toBe(USES_API.has(part));
      expect(template.spec["enableServiceLinks"], name).toBe(false);
      if (/Job$/.test(kind)) continue;
      const budget = budgets.find(({ spec }) => selects(spec.selector.matchLabels, part));
      // Devices may be away, real ones and virtual ones.
      if (part !== "simulator")
        expect(budget?.["spec"], name).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
      expect(template.spec["terminationGracePeriodSeconds"], name).toBeGreaterThanOrEqual(30);
      const [main] = template.spec.containers;
      expect([main!.startupProbe, main!.livenessProbe, main!.readinessProbe].every(Boolean), name).toBe(true);
    }
    expect(policies.find(({ metadata }) => metadata.name === "deny-all")?.["spec"]).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
  });

  test("every probe asks a port that a container of the pod declares", () => {
    for (const { name, template } of templates) {
      const { containers: all } = template.spec;
      const declared = all.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
      for (const container of all) {
        const named = (container.ports ?? []).map(({ name: portName }) => portName);
        for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
          // By its name only a port of the container itself is found; by its number any of the pod's.
          if (probe !== undefined)
            expect([...named, ...declared], `${name}/${container.name}`).toContain(
              (probe.httpGet ?? probe.tcpSocket)?.port,
            );
      }
    }
  });

  test("the autoscaler can use every partition and no more, and its Deployment says nothing of replicas", () => {
    const hpa = objects.find(({ kind }) => kind === "HorizontalPodAutoscaler");
    expect(hpa?.["spec"].maxReplicas).toBeLessThanOrEqual(kafkaTopics.readings.partitions);
    if (profile.name === "gke") expect(hpa?.["spec"].maxReplicas).toBe(kafkaTopics.readings.partitions);
    const { name } = hpa?.["spec"].scaleTargetRef as { name: string };
    const target = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
    expect(target?.["spec"]).not.toHaveProperty("replicas");
  });

  test("every Service, Secret and ConfigMap that a pod names is there, or is the operator's", () => {
    const made = [...objects, ...ofFleet].map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const there = [...made, ...ofOperator(templates)];
    for (const { name, template } of templates)
      for (const { configMap, secret } of template.spec.volumes ?? []) {
        if (configMap !== undefined) expect(there, name).toContain(`ConfigMap/${configMap.name}`);
        if (secret !== undefined) expect(there, name).toContain(`Secret/${secret.secretName}`);
      }
    for (const { pod, container } of containers)
      for (const { value, valueFrom } of container.env ?? []) {
        for (const [, host] of (value ?? "").matchAll(/([a-z0-9-]+)\.smart-home\.svc/g))
          expect(there, pod).toContain(`Service/${host}`);
        const from = valueFrom?.secretKeyRef;
        if (from !== undefined) expect(there, pod).toContain(`Secret/${from.name}`);
      }
  });
});

test("the portable set fits into a core and a half, with all its writers and a fleet of 2,000 devices", () => {
  const [profile] = profiles;
  const templates = podTemplates(objectsOf(profile!)).filter(({ kind }) => !/Job$/.test(kind));
  const each = templates.map(({ name, template }) => {
    const pods = name === "bq-writer" ? profile!.writer.maxReplicas : 1;
    return pods * sum(template.spec.containers.map(({ resources }) => cores(resources.requests["cpu"] ?? "")));
  });
  const simulators = 4 * 0.05;
  expect(sum(each) + simulators).toBeLessThanOrEqual(1.5);
});

test("the manifests in k8s-out/ are those of charts/", () => {
  for (const [path, text] of manifests(readInputs({}, [], rememberedInputs())))
    expect(readFileSync(new URL(`../../k8s-out/${path}`, import.meta.url), "utf8") === text, path).toBe(true);
});

test.each(profiles)("all records of Kafka fit onto the disk of a broker: $name", (profile) => {
  const partitions = Object.values(kafkaTopics).reduce((sum, topic) => sum + topic.partitions, 0);
  expect((retentionMib(profile) * partitions) / 1024).toBeLessThan(profile.kafka.storageGib);
});

test("Google's dataset is made where the profile says", () => {
  const [, profile] = profiles;
  const writer = podTemplates(objectsOf(profile!)).find(({ name }) => name === "bq-writer");
  const location = writer?.template.spec.containers[0]?.env?.find(({ name }) => name === "BIGQUERY_LOCATION");
  expect(location?.value).toBe("europe-west1");
});

test("a wrong image or project is refused before anything is made", () => {
  expect(() => readInputs({ IMAGE: "smart-home-bridge:latest", PROJECT: "My Project" })).toThrow(/2 problem/);
});

test("the only argument is --write", () => {
  expect([readInputs({}).WRITE, readInputs({}, ["--write"]).WRITE]).toEqual([false, true]);
  expect(() => readInputs({}, ["--writ"])).toThrow("--writ is no flag of this program; did you mean --write?");
});

/** Parts that speak to the API server. */
const USES_API = new Set(["sensorfleet-operator", "lag-adapter", "prometheus"]);

function selects(labels: Record<string, string> | undefined, part: string): boolean {
  return labels?.["app.kubernetes.io/name"] === part;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Where nothing means something: any pod, a directory of no kind in particular, what a definition's schema says. */
const MAY_BE_EMPTY = /\.(podSelector|emptyDir|subresources\.status|default)$/;

/** Paths of null, and of empty lists and maps: a lost quantity leaves them behind, and the API server drops them. */
function lostFields(value: unknown, path: string): string[] {
  if (value === null || value === undefined) return [path];
  if (typeof value !== "object") return [];
  const entries = Object.entries(value);
  const isLost = entries.length === 0 && !MAY_BE_EMPTY.test(path);
  return [...(isLost ? [path] : []), ...entries.flatMap(([name, field]) => lostFields(field, `${path}.${name}`))];
}
