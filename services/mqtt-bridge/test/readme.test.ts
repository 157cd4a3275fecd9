import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { configTable, silentLogger, systemClock } from "#runtime";
import { Bridge } from "../bridge.ts";
import { bridgeSchema } from "../config.ts";
import { eventMetrics, stateMetrics } from "../metrics.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the table of variables is the schema's", () => {
  expect(README).toContain(configTable(bridgeSchema));
});

test("the table of metrics is the registry's, and every series is there before anything happened", async () => {
  const registry = new Registry();
  const bridge = new Bridge({
    mqtt: {
      connection: { url: "mqtt://x", clientId: "x", keepaliveSeconds: 60, sessionExpirySeconds: 60 },
      filter: "x",
      maxOutstanding: 1,
      maxOutstandingBytes: 1,
    },
    kafka: { brokers: ["x:1"], clientId: "x", log: silentLogger },
    clock: systemClock,
    log: silentLogger,
    events: eventMetrics(registry),
    onFatal: () => undefined,
  });
  stateMetrics(registry, bridge);
  const metrics = await registry.getMetricsAsJSON();
  const rows = metrics.map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |`);
  expect(README).toContain(["| metric | type | meaning |", "| --- | --- | --- |", ...rows].join("\n") + "\n");
  for (const { name, values } of metrics) expect([name, values.length]).not.toEqual([name, 0]);
});
