import { afterAll, beforeAll, expect, test } from "vitest";
import { bigQueryClients } from "#bigquery";
import { bigQueryNames } from "#events";
import { systemClock } from "#runtime";
import { eventually } from "#testkit";
import { PROJECT } from "../../../local/demo/programs.ts";
import { Aggregator, BASE } from "../../../services/lag-adapter/test/aggregator.ts";
import { allQueries } from "../all-queries.ts";
import { sensorsDashboard } from "../dashboards/sensors.ts";
import { expandMacros } from "./big-query-macros.ts";
import { startPipelineWorld, type PipelineWorld } from "./pipeline-world.ts";
import { gkeProfile, portableProfile } from "./profiles.ts";

let world: PipelineWorld;
beforeAll(async () => {
  world = await startPipelineWorld();
}, 120_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
}, 60_000);

const queries = allQueries(portableProfile);
const provable = queries.filter(({ isOnlyInCluster }) => !isOnlyInCluster);

test("every target is scraped under the labels that dashboards ask for", async () => {
  const up = await eventually(
    "all are up",
    () => world.prometheus.query("up == 1"),
    (found) => found.length === 6,
    { timeoutMs: 30_000 },
  );
  const labels = up.map(({ metric: { part, pod, fleet } }) => ({ part, pod, fleet }));
  expect(labels).toContainEqual({ part: "simulator", pod: "simulator-0", fleet: "city" });
  expect(labels).toContainEqual({ part: "bq-writer", pod: "bq-writer-0", fleet: undefined });
  // What discovery said is gone, so no series carries it.
  for (const { metric } of up) expect(Object.keys(metric).filter((name) => name.startsWith("__meta"))).toEqual([]);
});

test("every query of every dashboard and rule gives a series with a number", async () => {
  using autoscaler = new Aggregator(
    () => world.adapter.apiPort,
    await world.adapter.ca.issue({ commonName: "front-proxy" }),
  );
  const silent = async (): Promise<string[]> => {
    // The adapter counts by code, so somebody must ask.
    await autoscaler.get(`${BASE}/namespaces/any/kafka_consumer_lag`);
    const answers = await Promise.all(
      provable.map(async ({ from, expr }) => [from, expr, await world.prometheus.query(expr)] as const),
    );
    return answers
      .filter(([, , found]) => found.every(({ value }) => Number.isNaN(value)))
      .map(([from, expr]) => `${from}: ${expr}`);
  };
  const all = await eventually("every query gives a series", silent, (names) => names.length === 0, {
    timeoutMs: 110_000,
    intervalMs: 2000,
  });
  expect(all).toEqual([]);
}, 120_000);

test("what only a cluster can show is the operator's", () => {
  const only = queries.filter(({ isOnlyInCluster }) => isOnlyInCluster);
  expect(only.length).toBeGreaterThan(0);
  expect(only.length).toBeLessThan(10);
});

test("what is measured is true: 40 devices that send two readings a second", async () => {
  const one = async (expr: string): Promise<number> => (await world.prometheus.query(expr))[0]?.value ?? NaN;
  expect(await one("sum(simulator_connected)")).toBe(40);
  expect(await one("smart_home:fleet_connected:ratio")).toBe(1);
  const stored = (): Promise<number> => one("sum(rate(writer_rows_stored_total[5s]))");
  // One in twenty is sent twice, one in fifty is broken.
  await eventually("their rows are stored", stored, (rate) => rate > 60 && rate < 110, { timeoutMs: 30_000 });
  expect(await one('count(ALERTS{alertstate="firing"}) or vector(0)')).toBe(0);
});

test("the broker's own memory is part of its pod's, beside the agent's", async () => {
  const memory = /^sum by \(part\).*resident_memory_bytes/;
  const { expr } = provable.find((query) => memory.test(query.expr))!;
  const bytes = async (query: string): Promise<number> => (await world.prometheus.query(query))[0]?.value ?? NaN;
  const shown = (): Promise<readonly number[]> =>
    Promise.all(
      [
        `${expr} and on (part) mosquitto_process_resident_memory_bytes`,
        'process_resident_memory_bytes{part="mosquitto"}',
        "mosquitto_process_resident_memory_bytes",
      ].map(bytes),
    );
  const whole = ([sum, agent, broker]: readonly number[]): boolean => sum === agent! + broker! && broker! > 0;
  await eventually("the sum of both", shown, whole, { timeoutMs: 30_000 });
});

test("what only GKE measures is PromQL too", async () => {
  const portable = new Set(queries.map(({ expr }) => expr));
  const only = allQueries(gkeProfile).filter(({ expr }) => !portable.has(expr) && /kubernetes_io:/.test(expr));
  expect(only).toHaveLength(2);
  for (const { expr } of only) expect(await world.prometheus.query(expr)).toEqual([]);
});

test("every statement of the dashboard for sensors is understood by BigQuery, and finds what was written", async () => {
  const { restEndpoint, grpcEndpoint } = world;
  const clients = bigQueryClients({ project: PROJECT, restEndpoint, grpcEndpoint });
  const nowMs = systemClock.nowMs();
  const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const [found] = await clients.rest.query({ query: expandMacros(sql, nowMs - 3_600_000, nowMs + 60_000) });
    return found as Record<string, unknown>[];
  };
  try {
    for (const { panels } of sensorsDashboard(PROJECT).rows)
      for (const { title, queries: statements } of panels)
        for (const statement of statements) {
          if (!("sql" in statement)) continue;
          const found = await rows(statement.sql);
          if (MAY_BE_EMPTY.has(title)) continue;
          expect(found.length, title).toBeGreaterThan(0);
          if (statement.format === "timeseries") expect(Object.keys(found[0]!), title).toContain("time");
        }
  } finally {
    await clients.close();
  }
});

test("what a panel counts over all time is what the view counts", async () => {
  const { restEndpoint, grpcEndpoint } = world;
  const clients = bigQueryClients({ project: PROJECT, restEndpoint, grpcEndpoint });
  const [firstRow] = sensorsDashboard(PROJECT).rows;
  const query = firstRow?.panels.find(({ title }) => title === "Missing")?.queries[0];
  const panel = query !== undefined && "sql" in query ? query.sql : "";
  const view = `SELECT SUM(missing) FROM \`${PROJECT}.${bigQueryNames.dataset}.${bigQueryNames.deliveryAudit}\``;
  try {
    const counted = async (): Promise<{ panel: number; view: number }> => {
      // In one statement, because rows are being written.
      const both = expandMacros(`SELECT (${panel}) AS panel, (${view}) AS view`, 0, systemClock.nowMs() + 3_600_000);
      const [rows] = await clients.rest.query({ query: both });
      return rows[0] as { panel: number; view: number };
    };
    const found = await eventually("something is missing", counted, ({ view: missing }) => missing > 0);
    expect(found.panel).toBe(found.view);
  } finally {
    await clients.close();
  }
});

/** A minute is too short for an anomaly, and nothing is missing but what was rejected. */
const MAY_BE_EMPTY = new Set(["Anomalies", "Devices with gaps"]);
