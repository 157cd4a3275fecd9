import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { faultTypes } from "#fleets";
import { configTable, silentLogger, systemClock } from "#runtime";
import { simulatorSchema } from "../config.ts";
import { FleetRunner } from "../fleet-runner.ts";
import { Ledger } from "../ledger.ts";
import { eventMetrics, stateMetrics } from "../metrics.ts";
import { seededSource } from "../reading-source.ts";
import { fleet } from "./fleets.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README explains every fault", () => {
  const explained = [...README.matchAll(/^\| `([A-Z]\w+)` \| `/gm)].map(([, name]) => name);
  expect(explained.filter((name) => !name?.includes("_"))).toEqual(faultTypes);
});

test("the table of variables is the schema's", () => {
  expect(README).toContain(configTable(simulatorSchema));
});

test("the table of metrics is the registry's, and every series is there before anything happened", async () => {
  const registry = new Registry();
  const ledger = new Ledger(1);
  const runner = new FleetRunner({
    fleet: fleet(),
    source: seededSource(fleet()),
    range: { from: 0, to: 1 },
    broker: { url: "mqtt://x", keepaliveSeconds: 60, sessionExpirySeconds: 60 },
    ledger,
    clock: systemClock,
    log: silentLogger,
    events: eventMetrics(registry),
    onFatal: () => undefined,
  });
  stateMetrics(registry, runner, ledger);
  const metrics = await registry.getMetricsAsJSON();
  const rows = metrics.map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |`);
  expect(README).toContain(["| metric | type | meaning |", "| --- | --- | --- |", ...rows].join("\n") + "\n");
  for (const { name, values } of metrics) expect([name, values.length]).not.toEqual([name, 0]);
});
