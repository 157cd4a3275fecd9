/** How values are spelled as STRING. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast_as_string */

/**
 * The shorter of 15 and 17 significant digits that reads back as the same number. Sources contradict each other on
 * whether a whole number ends in `.0`, so that is an error rather than a guess.
 */
export function floatText(sql: string): string {
  const short = `printf('%.15g', ${sql})`;
  const finite = `CASE WHEN CAST(${short} AS DOUBLE) = ${sql} THEN ${short} ELSE printf('%.17g', ${sql}) END`;
  return `CASE WHEN isnan(${sql}) THEN 'NaN' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN 'inf' ELSE '-inf' END WHEN trunc(${sql}) = ${sql} THEN CAST(error('text of a FLOAT64 without a fraction is not supported by the embedded BigQuery: ' || ${short}) AS VARCHAR) ELSE ${finite} END`;
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
