/** How values are spelled as STRING. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast_as_string */

/**
 * The shorter of 15 and 17 significant digits that reads back as the same number; `1` for 1.0, and no sign on zero.
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings (`1.0` is `1`)
 */
export function floatText(sql: string): string {
  const short = `printf('%.15g', ${sql})`;
  const finite = `CASE WHEN CAST(${short} AS DOUBLE) = ${sql} THEN ${short} ELSE printf('%.17g', ${sql}) END`;
  return `CASE WHEN isnan(${sql}) THEN 'NaN' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN 'inf' ELSE '-inf' END WHEN ${sql} = 0 THEN '0' ELSE ${finite} END`;
}

/** No trailing zeros. */
export function numericText(sql: string): string {
  return `rtrim(rtrim(CAST(${sql} AS VARCHAR), '0'), '.')`;
}

export function datetimeText(sql: string): string {
  return `(strftime(${sql}, '%Y-%m-%d %H:%M:%S') || ${fraction(sql)})`;
}

export function timestampText(sql: string): string {
  const civil = `CAST(${sql} AS TIMESTAMP)`;
  return `(strftime(${civil}, '%Y-%m-%d %H:%M:%S') || ${fraction(civil)} || '+00')`;
}

export function timeOfDayText(sql: string): string {
  const civil = `(TIMESTAMP '2000-01-01 00:00:00' + to_microseconds(epoch_us(${sql})))`;
  return `(strftime(${civil}, '%H:%M:%S') || ${fraction(civil)})`;
}

/** Nothing, three or six digits after the second. */
export function fraction(civil: string): string {
  const micros = `(microsecond(${civil}) % 1000000)`;
  return `CASE WHEN ${micros} = 0 THEN '' WHEN ${micros} % 1000 = 0 THEN strftime(${civil}, '.%g') ELSE strftime(${civil}, '.%f') END`;
}
