import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { configTable } from "#runtime";
import { agentSchema } from "../config.ts";
import { agentMetrics } from "../metrics.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the table of variables is the schema's", () => expect(README).toContain(configTable(agentSchema)));

test("the table of metrics is the registry's", async () => {
  const registry = new Registry();
  agentMetrics(registry, () => ({ isUp: false, isRefused: false, facts: new Map(), usage: undefined, reloads: 0 }));
  const rows = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  expect(rows.length).toBe(11);
  expect(README).toContain(rows.join("\n"));
});
