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

test("of a broker that was not heard yet nothing is counted; of one that was, what it does not publish is 0", async () => {
  const registry = new Registry();
  let facts = new Map<string, number>();
  agentMetrics(registry, () => ({ isUp: true, isRefused: false, facts, usage: undefined, reloads: 0 }));
  const counts = async (): Promise<string[]> =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith("mosquitto_publish_"));
  expect(await counts()).toEqual([]);
  facts = new Map([["$SYS/broker/publish/messages/received", 7]]);
  expect(await counts()).toEqual([
    "mosquitto_publish_received_total 7",
    "mosquitto_publish_sent_total 0",
    "mosquitto_publish_dropped_total 0",
  ]);
});
