/* eslint-disable @typescript-eslint/no-deprecated -- Grafana provisions files of this model; the newer one is for its API. */
import { DataqueryBuilder as BigQueryQuery, EditorMode, QueryFormat } from "@grafana/grafana-foundation-sdk/bigquery";
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  BigValueColorMode,
  BigValueGraphMode,
  ReduceDataOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  type Dashboard,
  type Threshold,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder as PromQuerySdk } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TablePanel } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as GraphPanel } from "@grafana/grafana-foundation-sdk/timeseries";
import { dataSources, type DashboardSpec, type PanelSpec, type PromQuery, type SqlQuery, type Steps } from "./panel.ts";

/** On all dashboards, which link to each other by it. */
const TAG = "smart-home-bridge";
const HEIGHTS = { stat: 4, graph: 8, table: 9 } as const;

/** The dashboard as Grafana loads it: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export function renderDashboard({ uid, title, description, refresh, rows, variables = [] }: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone("browser")
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-30m", to: "now" })
    // An empty text is "Off" in the list of Grafana.
    .refresh(refresh === "off" ? "" : refresh)
    .variables(variables.map(variable))
    .link(
      new DashboardLinkBuilder("Dashboards")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .keepTime(true)
        .targetBlank(false),
    );
  let nextId = 1;
  for (const [index, { title: heading, panels }] of rows.entries()) {
    if (index > 0) builder.withRow(new RowBuilder(heading).id(nextId++));
    for (const spec of panels) builder.withPanel(panel(spec).id(nextId++));
  }
  return builder.build();
}

function variable({ name, label, of }: NonNullable<DashboardSpec["variables"]>[number]): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource({ ...dataSources.prometheus })
      .query(`label_values(${of}, ${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .multi(true)
      .includeAll(true)
      // Not ".*": that takes series without the label too, and managed Prometheus has those of the project's other programs.
      .allValue(".+")
      .current({ selected: true, text: "All", value: "$__all" })
  );
}

type AnyPanel = StatPanel | GraphPanel | TablePanel;

function panel(spec: PanelSpec): AnyPanel {
  const made = { stat: statPanel, graph: graphPanel, table: () => new TablePanel() }[spec.kind](spec);
  const isSql = spec.queries.some((query) => "sql" in query);
  made
    .title(spec.title)
    .description(spec.description)
    .datasource({ ...(isSql ? dataSources.bigQuery : dataSources.prometheus) })
    .unit(spec.unit)
    .span(spec.width)
    .height(HEIGHTS[spec.kind])
    .thresholds(thresholds(spec.thresholds));
  if (spec.nothing !== undefined) made.noValue(spec.nothing);
  if (spec.max !== undefined) made.max(spec.max);
  for (const [index, query] of spec.queries.entries()) made.withTarget(target(query, index, spec.kind));
  for (const query of spec.queries) if ("expr" in query && query.colour !== undefined) colour(made, query);
  return made;
}

function statPanel(): StatPanel {
  return new StatPanel()
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
}

function graphPanel({ isStacked = false, thresholds: steps }: PanelSpec): GraphPanel {
  const made = new GraphPanel()
    .lineWidth(2)
    .fillOpacity(isStacked ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (isStacked) made.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (steps !== undefined)
    made.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return made;
}

function thresholds({ base = "green", steps }: Steps = { steps: [] }): ThresholdsConfigBuilder {
  const first: Threshold = { value: null, color: base };
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([first, ...steps.map(([value, color]) => ({ value, color }))]);
}

/** By its name: only series without labels in their legend have a meaning of their own. */
function colour(made: AnyPanel, { colour: fixedColor, legend }: PromQuery): void {
  made.overrideByName(legend, [{ id: "color", value: { mode: "fixed", fixedColor } }]);
}

function target(query: PromQuery | SqlQuery, index: number, kind: PanelSpec["kind"]): PromQuerySdk | BigQueryQuery {
  const refId = String.fromCharCode("A".charCodeAt(0) + index);
  if ("expr" in query) {
    const made = new PromQuerySdk()
      .refId(refId)
      .datasource({ ...dataSources.prometheus })
      .expr(query.expr);
    // What counts over the whole range is asked once, at its end.
    if (kind === "stat" && query.expr.includes("$__range")) made.instant();
    else made.range();
    return made.legendFormat(query.legend);
  }
  return new BigQueryQuery()
    .refId(refId)
    .datasource({ ...dataSources.bigQuery })
    .rawQuery(true)
    .editorMode(EditorMode.Code)
    .format(query.format === "timeseries" ? QueryFormat.Timeseries : QueryFormat.Table)
    .rawSql(query.sql);
}
