/**
 * A statement as Grafana's plugin sends it: `$__timeFilter` of its SDK, `$__timeGroup` of its own
 * (https://github.com/grafana/google-bigquery-datasource/blob/main/pkg/bigquery/macros.go).
 */
export function expandMacros(sql: string, fromMs: number, toMs: number): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z"));
  return sql
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => `${column} >= '${from}' AND ${column} <= '${to}'`)
    .replaceAll(/\$__timeGroup\((\w+), (\d+)m\)/g, (_, column: string, minutes: string) => {
      const ms = Number(minutes) * 60_000;
      return `TIMESTAMP_MILLIS(DIV(UNIX_MILLIS(${column}), ${ms}) * ${ms})`;
    });
}
