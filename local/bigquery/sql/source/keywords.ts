/**
 * The reserved words of GoogleSQL.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
 */
export const RESERVED: ReadonlySet<string> = new Set(
  `ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT
  DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL
  GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP
  MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE
  RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN
  WHERE WINDOW WITH WITHIN`.split(/\s+/),
);

/** Reserved words of which no use is supported inside a query. */
export const UNSUPPORTED_WORDS: ReadonlySet<string> = new Set(
  `ANY ASSERT_ROWS_MODIFIED COLLATE CONTAINS CREATE CUBE DEFAULT DEFINE ENUM ESCAPE EXCLUDE FETCH FOR GROUPING GROUPS
  HASH INTO LATERAL LOOKUP MERGE NATURAL NEW NO OF PROTO RECURSIVE ROLLUP SET SOME TABLESAMPLE TO TREAT
  WITHIN`.split(/\s+/),
);

/** Reserved words that are functions where a parenthesis follows. */
export const RESERVED_FUNCTIONS: ReadonlySet<string> = new Set(["IF", "LEFT", "RIGHT"]);

/** Functions that may be called without parentheses. */
export const BARE_FUNCTIONS: ReadonlySet<string> = new Set([
  "CURRENT_DATE",
  "CURRENT_DATETIME",
  "CURRENT_TIME",
  "CURRENT_TIMESTAMP",
]);

/** Functions whose arguments may carry IGNORE NULLS, ORDER BY or LIMIT; the parser knows them by name. */
export const MODIFIED_FUNCTIONS: ReadonlySet<string> = new Set([
  "ANY_VALUE",
  "APPROX_QUANTILES",
  "ARRAY_AGG",
  "FIRST_VALUE",
  "LAST_VALUE",
  "NTH_VALUE",
  "PERCENTILE_CONT",
  "PERCENTILE_DISC",
  "STRING_AGG",
]);

/** Units that may follow `INTERVAL n`. */
export const INTERVAL_UNITS: ReadonlySet<string> = new Set([
  "MICROSECOND",
  "MILLISECOND",
  "SECOND",
  "MINUTE",
  "HOUR",
  "DAY",
  "WEEK",
  "MONTH",
  "QUARTER",
  "YEAR",
]);

/** Types whose name before a string literal makes a typed literal. */
export const LITERAL_TYPES: ReadonlySet<string> = new Set([
  "DATE",
  "DATETIME",
  "TIME",
  "TIMESTAMP",
  "NUMERIC",
  "DECIMAL",
  "JSON",
]);
