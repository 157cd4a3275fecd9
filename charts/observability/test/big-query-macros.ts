/**
 * A statement as Grafana's plugin sends it: `$__from` and `$__to` of Grafana itself
 * (https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#__from-and-__to), `$__timeFilter`
 * of the plugin's SDK, `$__timeGroup` of its own
 * (https://github.com/grafana/google-bigquery-datasource/blob/main/pkg/bigquery/macros.go).
 */
export function expandMacros(sql: string, fromMs: number, toMs: number): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z"));
  return sql
    .replaceAll("$__from", String(fromMs))
    .replaceAll("$__to", String(toMs))
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => `${column} >= '${from}' AND ${column} <= '${to}'`)
    .replaceAll(/\$__timeGroup\((\w+), (\d+)m\)/g, (_, column: string, minutes: string) => {
      const ms = Number(minutes) * 60_000;
      return `TIMESTAMP_MILLIS(DIV(UNIX_MILLIS(${column}), ${ms}) * ${ms})`;
    });
}
