import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { configTable } from "#runtime";
import { lagSchema, readConfig, targetsOf } from "../config.ts";
import { apiMetrics } from "../api/metrics.ts";
import { lagMetrics } from "../metrics.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the table of variables is the schema's", () => expect(README).toContain(configTable(lagSchema)));

test("the table of metrics is the registry's", async () => {
  const registry = new Registry();
  lagMetrics(registry, []);
  apiMetrics(registry, () => undefined);
  const rows = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  expect(rows.length).toBe(8);
  for (const row of rows) expect(README).toContain(row);
});

test("there is no certificate's end where there is no certificate", async () => {
  const text = async (endsAtMs: number | undefined): Promise<string> => {
    const registry = new Registry();
    apiMetrics(registry, () => endsAtMs);
    return registry.metrics();
  };
  expect(await text(undefined)).not.toMatch(/^certificate_expiry_timestamp_seconds/m);
  expect(await text(1_800_000_000_000)).toMatch(/^certificate_expiry_timestamp_seconds 1800000000$/m);
});

test("a certificate needs a key, and a way to the API server", () => {
  const read = (environment: Record<string, string>) => () => readConfig({ KAFKA_BROKERS: "k:9092", ...environment });
  expect(read({ TLS_CERT_FILE: "c" })).toThrow(/TLS_KEY_FILE/);
  expect(read({ TLS_CERT_FILE: "c", TLS_KEY_FILE: "k" })).toThrow(/KUBECONFIG/);
  expect(read({ TLS_CERT_FILE: "c", TLS_KEY_FILE: "k", KUBERNETES_SERVICE_HOST: "h" })).not.toThrow();
  expect(read({})).not.toThrow();
});

test("targets are group and topic", () => {
  const { config } = readConfig({ KAFKA_BROKERS: "k:9092", LAG_TARGETS: "bq-writer:readings,a.b:c-d" });
  expect(targetsOf(config)).toEqual([
    { group: "bq-writer", topic: "readings" },
    { group: "a.b", topic: "c-d" },
  ]);
  expect(() => readConfig({ KAFKA_BROKERS: "k:9092", LAG_TARGETS: "bq-writer" })).toThrow(/LAG_TARGETS/);
});
