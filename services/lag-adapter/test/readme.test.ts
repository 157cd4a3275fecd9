import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { configTable } from "#runtime";
import { lagSchema, readConfig, targetsOf } from "../config.ts";
import { lagMetrics } from "../metrics.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the table of variables is the schema's", () => expect(README).toContain(configTable(lagSchema)));

test("the table of metrics is the registry's", async () => {
  const registry = new Registry();
  lagMetrics(registry, []);
  const rows = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  expect(rows.length).toBe(3);
  for (const row of rows) expect(README).toContain(row);
});

test("targets are group and topic", () => {
  const { config } = readConfig({ KAFKA_BROKERS: "k:9092", LAG_TARGETS: "bq-writer:readings,a.b:c-d" });
  expect(targetsOf(config)).toEqual([
    { group: "bq-writer", topic: "readings" },
    { group: "a.b", topic: "c-d" },
  ]);
  expect(() => readConfig({ KAFKA_BROKERS: "k:9092", LAG_TARGETS: "bq-writer" })).toThrow(/LAG_TARGETS/);
});
