/** Where panels get their data from; the uids that the data sources are provisioned with. */
export const dataSources = {
  prometheus: { type: "prometheus", uid: "prometheus" },
  bigQuery: { type: "grafana-bigquery-datasource", uid: "bigquery" },
} as const;

/** One colour for one meaning, in all dashboards. */
export const colours = {
  sent: "blue",
  received: "light-blue",
  confirmed: "purple",
  stored: "green",
  rejected: "orange",
  lost: "red",
  lag: "yellow",
  wanted: "dark-orange",
  limit: "semi-dark-red",
} as const;

export type Colour = (typeof colours)[keyof typeof colours];

/** What a series shows, and how it is called. */
export interface PromQuery {
  readonly expr: string;
  /** May use labels: `{{part}}`. */
  readonly legend: string;
  /** None: Grafana chooses. */
  readonly colour?: Colour;
}

/** A statement for BigQuery; its macros are the plugin's. */
export interface SqlQuery {
  readonly sql: string;
  /** A time series needs a column `time` in order. */
  readonly format: "timeseries" | "table";
}

/** From these values on, in these colours; below the first it is green. */
export interface Steps {
  readonly base?: "green" | "red" | "text";
  readonly steps: readonly (readonly [from: number, colour: "green" | "yellow" | "orange" | "red"])[];
}

/** A panel as a dashboard file writes it. */
export interface PanelSpec {
  readonly kind: "stat" | "graph" | "table";
  readonly title: string;
  /** What it shows, and what a reader should think of it. */
  readonly description: string;
  /** A unit of Grafana: see `@grafana/grafana-foundation-sdk/units`. */
  readonly unit: string;
  readonly queries: readonly PromQuery[] | readonly SqlQuery[];
  readonly thresholds?: Steps;
  /** Of 24 columns. */
  readonly width: number;
  readonly isStacked?: boolean;
  readonly max?: number;
  /** What stands there while there is nothing to show. */
  readonly nothing?: string;
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Variables, by name: the label values that they offer. */
  readonly variables?: readonly { readonly name: string; readonly label: string; readonly of: string }[];
  /** How often an open dashboard asks everything again; off: what each query costs is for whoever looks to decide. */
  readonly refresh: "10s" | "off";
  /** The first row has no heading: it is what one looks at first. */
  readonly rows: readonly RowSpec[];
}

type Rest = Omit<PanelSpec, "kind" | "width" | "title" | "description" | "unit" | "queries">;

/** One number, or one for each series: six fit side by side. */
export function stat(
  title: string,
  description: string,
  unit: string,
  query: PromQuery | SqlQuery,
  rest: Partial<Rest & { width: number }> = {},
): PanelSpec {
  return { kind: "stat", title, description, unit, queries: oneOf(query), width: 4, ...rest };
}

/** Lines over time: two side by side. */
export function graph(
  title: string,
  description: string,
  unit: string,
  queries: readonly PromQuery[] | readonly SqlQuery[],
  rest: Partial<Rest & { width: number }> = {},
): PanelSpec {
  return { kind: "graph", title, description, unit, queries, width: 12, ...rest };
}

export function table(title: string, description: string, query: SqlQuery, width = 24): PanelSpec {
  return { kind: "table", title, description, unit: "short", queries: [query], width };
}

function oneOf(query: PromQuery | SqlQuery): readonly PromQuery[] | readonly SqlQuery[] {
  return "expr" in query ? [query] : [query];
}

/** The same histogram's 50th, 95th and 99th percentile. */
export function percentiles(histogram: string, selector = ""): readonly PromQuery[] {
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expr: quantileOf(histogram, quantile, selector),
    legend: `p${quantile * 100}`,
  }));
}

export function quantileOf(histogram: string, quantile: number, selector = ""): string {
  return `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket${selector}[$__rate_interval])))`;
}

/** How often a second, over the time between two points of the graph. */
export function rateOf(counter: string, by?: string, selector = ""): string {
  return `sum${by === undefined ? "" : ` by (${by}) `}(rate(${counter}${selector}[$__rate_interval]))`;
}

/** How many in the time that the dashboard shows. */
export function inRange(counter: string): string {
  return `sum(increase(${counter}[$__range]))`;
}
