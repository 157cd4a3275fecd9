import * as units from "@grafana/grafana-foundation-sdk/units";
import { describe, expect, test } from "vitest";
import { allQueries, operandsOf } from "../all-queries.ts";
import { dashboardsOf } from "../dashboards/dashboards.ts";
import { dataSources } from "../dashboards/panel.ts";
import { renderDashboard } from "../dashboards/render.ts";
import { gkeProfile, portableProfile } from "./profiles.ts";

/** What Grafana looks at in a panel, as JSON has it. */
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr?: string;
    readonly rawSql?: string;
    readonly datasource?: { readonly uid: string };
  }[];
}

interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly refresh?: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly type: string; readonly tags: readonly string[] }[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list?: readonly { readonly name: string }[] };
}

const all = [portableProfile, gkeProfile].flatMap((profile) =>
  dashboardsOf(profile).map((spec) => {
    const json = JSON.parse(JSON.stringify(renderDashboard(spec))) as DashboardJson;
    return [`${profile.name} ${spec.uid}`, json] as const;
  }),
);

describe.each(all)("%s", (_name, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== "row");

  test("can be loaded: identity, a model that Grafana knows, links to the others, small enough", () => {
    expect(dashboard.uid).toMatch(/^[a-z-]{1,40}$/);
    // Grafana migrates older models at every load, and refuses to guess at newer ones: 13 has 42.
    expect(dashboard.schemaVersion).toBe(42);
    expect(dashboard.links).toMatchObject([{ type: "dashboards", tags: dashboard.tags }]);
    expect(JSON.stringify(dashboard, undefined, 1).length).toBeLessThan(200_000);
  });

  test("panels have ids of their own and do not lie upon each other", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test("every panel says what it shows, in a unit of Grafana, from a data source that is there", () => {
    const known = Object.values(units).map(String);
    for (const { title, description = "", datasource, fieldConfig, targets = [] } of panels) {
      expect(description.length, title).toBeGreaterThan(20);
      expect(known, title).toContain(fieldConfig?.defaults.unit ?? "none at all");
      expect(Object.values(dataSources), title).toContainEqual(datasource);
      expect(fieldConfig?.defaults.thresholds?.steps[0], title).toMatchObject({ value: null });
      expect(targets.length, title).toBeGreaterThan(0);
      for (const target of targets) {
        expect(target.datasource?.uid, title).toBe(datasource?.uid);
        expect(target.expr ?? target.rawSql, title).toBeTruthy();
      }
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  test("variables that are used are there", () => {
    const names = (dashboard.templating.list ?? []).map(({ name }) => name);
    for (const { title, targets = [] } of panels)
      for (const { expr = "" } of targets)
        for (const [, name = ""] of expr.matchAll(/\$([a-z]\w*)/g)) expect(names, title).toContain(name);
  });

  test("what is paid for by what it reads is asked for the time shown alone, and not by itself", () => {
    const statements = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ rawSql }) => (rawSql === undefined ? [] : [{ title, rawSql }])),
    );
    expect(dashboard.refresh).toBe(statements.length === 0 ? "10s" : "");
    for (const { title, rawSql } of statements) expect(tablesReadWhole(rawSql), title).toEqual([]);
  });

  test("thresholds rise", () => {
    for (const { title, fieldConfig } of panels) {
      const [, ...values] = fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value) ?? [];
      expect(values, title).toEqual([...values].sort((a, b) => Number(a) - Number(b)));
    }
  });
});

const TABLE = /(?:FROM|JOIN) (`[^`]+`)(?=(.*))/g;
/** At the table itself, where a condition on the column of the partition is still one on the partition. */
const TIMED =
  /^ WHERE (\$__timeFilter\(event_time\)|event_time >= TIMESTAMP_SUB\(TIMESTAMP_MILLIS\(\$__from\), INTERVAL \d HOUR\) AND event_time <= TIMESTAMP_MILLIS\(\$__to\))/;

/** Tables of a statement that no time bounds; views that would read one, because the condition comes after their groups. */
function tablesReadWhole(sql: string): string[] {
  const read = [...sql.matchAll(TABLE)].map(([, table = "", rest = ""]) => ({ table, rest }));
  if (read.length === 0) return ["no table was found"];
  return read.filter(({ table, rest }) => !PRUNED.test(table) || !TIMED.test(rest)).map(({ table }) => table);
}

/** The table, and the one view that hands a condition on event_time on to it. */
const PRUNED = /\.iot_events(_unique)?`$/;

test("a statement that reads a whole table is found", () => {
  const whole = "SELECT 1 FROM `p.d.iot_events`";
  expect(tablesReadWhole(whole)).toEqual(["`p.d.iot_events`"]);
  expect(tablesReadWhole(`${whole} WHERE $__timeFilter(event_time)`)).toEqual([]);
  expect(tablesReadWhole(`${whole} WHERE $__timeFilter(last_event_time)`)).toHaveLength(1);
  expect(tablesReadWhole("SELECT 1 FROM `p.d.iot_latest` WHERE $__timeFilter(event_time)")).toHaveLength(1);
  expect(tablesReadWhole("SELECT 1")).toHaveLength(1);
});

test("uids are the dashboards' own, and BigQuery is asked only where it is Google's", () => {
  const uids = (profile: typeof portableProfile): string[] => dashboardsOf(profile).map(({ uid }) => uid);
  expect(uids(portableProfile)).toEqual(["pipeline", "autoscaling", "fleet", "resources"]);
  expect(uids(gkeProfile)).toEqual([...uids(portableProfile), "sensors"]);
});

test("of an alert what it compares is a query; no variable of Grafana is left", () => {
  const alert = {
    alert: "A",
    forMinutes: 1,
    severity: "warning",
    summary: "",
    description: "",
    runbook: "lag-grows",
  } as const;
  expect(operandsOf({ ...alert, expr: "a > 60 and deriv(a[5m]) > 0" })).toEqual(["a", "deriv(a[5m])"]);
  expect(operandsOf({ ...alert, expr: "max(b) == 0 or absent(b)" })).toEqual(["max(b)"]);
  const queries = allQueries(portableProfile);
  expect(queries.length).toBeGreaterThan(100);
  for (const { from, expr } of queries) expect(expr, from).not.toContain("$");
});
