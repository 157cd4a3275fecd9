import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { kafkaClient } from "#kafka";
import { configTable, silentLogger, systemClock } from "#runtime";
import { writerSchema } from "../config.ts";
import { DeadLetters } from "../dead-letters.ts";
import { eventMetrics, stateMetrics } from "../metrics.ts";
import type { TableWriter } from "../table-writer.ts";
import { Writer } from "../writer.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const unused = (): never => {
  throw new Error("nothing is written here");
};

test("the table of variables is the schema's", () => {
  expect(README).toContain(configTable(writerSchema));
});

test("the table of metrics is the registry's, and every series is there before anything happened", async () => {
  const registry = new Registry();
  const events = eventMetrics(registry, systemClock);
  const table: TableWriter = {
    ...{ table: "t", defaultStream: "t/streams/_default" },
    ...{ createStream: unused, finalizeStream: unused, openStream: unused, stored: unused },
  };
  const writer = new Writer({
    kafka: kafkaClient({ brokers: ["x:1"], clientId: "x", log: silentLogger }),
    ...{ groupId: "g", topic: "t", clusterId: "c", memberName: "m", sessionTimeoutMs: 1000 },
    ...{ mode: "exactly-once", table },
    rowsOf: unused,
    deadLetters: new DeadLetters({
      ...{ producer: { send: unused }, kafkaSource: "s", clock: systemClock, onSent: unused },
    }),
    cutLimits: { maxRows: 1, maxBytes: 1 },
    inFlightLimits: { maxAppends: 1, maxBytes: 1 },
    ...{ maxHeldBytes: 1, maxRowsPerSecond: undefined, flushIntervalMs: 1, commitIntervalMs: 1, idleTimeoutMs: 1 },
    ...{ clock: systemClock, log: silentLogger, events, onFatal: unused },
  });
  stateMetrics(registry, writer);
  const metrics = await registry.getMetricsAsJSON();
  const rows = metrics.map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |`);
  expect(README).toContain(["| metric | type | meaning |", "| --- | --- | --- |", ...rows].join("\n") + "\n");
  for (const { name, values } of metrics)
    if (name !== "writer_lag_records") expect([name, values.length]).not.toEqual([name, 0]);
});
