/** Grafana in the cluster, asked as a visitor without a login. */
import { dataSources } from "../../charts/observability/dashboards/panel.ts";
import { ports } from "../../charts/names.ts";
import { lacksImage, NAMESPACE, pods } from "./installation.ts";
import { PortForward } from "./kubectl.ts";

export interface Grafana extends Disposable {
  /** Uids of the dashboards that it shows. */
  dashboards(): Promise<string[]>;
  /** How many series a PromQL expression gives, asked through Grafana's data source. */
  series(expression: string): Promise<number>;
}

/** `undefined` if its image could not be had. */
export async function grafanaOf(): Promise<Grafana | undefined> {
  if ((await pods("app.kubernetes.io/name=grafana")).some(lacksImage)) return undefined;
  const forward = await PortForward.open(NAMESPACE, "service/grafana", [ports.grafana]);
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://${forward.address(ports.grafana)}/api/${path}`, {
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`Grafana answers ${path} with ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return {
    // https://grafana.com/docs/grafana/latest/developers/http_api/folder_dashboard_search/
    dashboards: async () => ((await call("search?type=dash-db")) as { uid: string }[]).map(({ uid }) => uid),
    // https://grafana.com/docs/grafana/latest/developers/http_api/data_source/#query-a-data-source
    series: async (expression) => {
      const query = { refId: "A", datasource: dataSources.prometheus, expr: expression, instant: true };
      const { results } = (await call("ds/query", { from: "now-5m", to: "now", queries: [query] })) as {
        results: { A?: { frames?: unknown[] } };
      };
      return results.A?.frames?.length ?? 0;
    },
    [Symbol.dispose]: () => forward[Symbol.dispose](),
  };
}
