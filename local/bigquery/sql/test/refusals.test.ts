import { describe, expect, it } from "vitest";
import { SqlError, type SqlErrorReason } from "../statement.ts";
import { translateSql } from "./run.ts";

type Refusal = readonly [sql: string, reason: SqlErrorReason, message: RegExp];

/** Statements that are refused before DuckDB sees them, and what the error names. */
const REFUSALS: readonly Refusal[] = [
  // What the parser reads and forgets, or reads as another dialect would.
  ["SELECT x FROM UNNEST([1]) AS x FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()", "notImplemented", /FOR SYSTEM_TIME/],
  ["SELECT 1 FROM (SELECT 1 AS a) WITH OFFSET", "notImplemented", /WITH|OFFSET/],
  ["SELECT 1 FROM (SELECT 1 AS a) TABLESAMPLE SYSTEM (10 PERCENT)", "notImplemented", /TABLESAMPLE/],
  ["SELECT * FROM (SELECT 1 AS a, 'x' AS b) PIVOT(SUM(a) FOR b IN ('x'))", "notImplemented", /FOR|PIVOT/],
  ["SELECT SUM(a HAVING MAX b) FROM (SELECT 1 AS a, 2 AS b)", "notImplemented", /HAVING/],
  ["SELECT ANY_VALUE(a HAVING MIN b) FROM (SELECT 1 AS a, 2 AS b)", "notImplemented", /HAVING/],
  ["SELECT APPROX_QUANTILES(x, 2 RESPECT NULLS) FROM UNNEST([1]) AS x", "notImplemented", /RESPECT NULLS/],
  ["SELECT PERCENTILE_CONT(x, 0.5 RESPECT NULLS) OVER () FROM UNNEST([1]) AS x", "notImplemented", /RESPECT NULLS/],
  ["SELECT AS VALUE 1", "notImplemented", /SELECT AS VALUE/],
  ["SELECT x FROM UNNEST([1]) AS x GROUP BY ROLLUP(x)", "notImplemented", /ROLLUP/],
  ["SELECT x FROM UNNEST([1]) AS x GROUP BY GROUPING SETS (x)", "notImplemented", /GROUPING/],
  ["SELECT x FROM UNNEST([1]) AS x GROUP BY ALL", "notImplemented", /GROUP BY ALL/],
  ["SELECT @{a=1} 1", "notImplemented", /hint/],
  ["SELECT @@time_zone", "notImplemented", /system variable/],
  ["SELECT 1; SELECT 2", "notImplemented", /several statements/],
  ["SELECT 1 FROM (SELECT 1) AS t (a)", "notImplemented", /column aliases/],
  ["WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "notImplemented", /RECURSIVE/],
  ["SELECT 1 UNION ALL BY NAME SELECT 2", "invalidQuery", /Syntax error/],
  ["SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3", "notImplemented", /set operations/],
  ["SELECT 1 UNION SELECT 2", "notImplemented", /UNION/],
  ["SELECT x FROM UNNEST([1]) AS x ORDER BY x COLLATE 'und:ci'", "notImplemented", /COLLATE/],
  ["SELECT x FROM UNNEST([1]) AS x LIMIT ALL", "notImplemented", /ALL/],
  ["SELECT DISTINCT ON (x) x FROM UNNEST([1]) AS x", "notImplemented", /distinct on/],
  ["SELECT 1 + 2 || 'a'", "notImplemented", /parentheses/],
  ["SELECT 1 < 2 < 3", "notImplemented", /parentheses/],
  ["SELECT 'a' 'b'", "notImplemented", /adjacent/],
  ["SELECT COUNT(x) FILTER (WHERE TRUE) FROM UNNEST([1]) AS x", "invalidQuery", /Syntax error/],
  ["SELECT 1::INT64", "invalidQuery", /Syntax error/],
  ["SELECT 'a' ILIKE 'A'", "invalidQuery", /Syntax error/],
  ["SELECT 1 // 2", "invalidQuery", /Syntax error/],
  ["SELECT 1 garbage more", "invalidQuery", /Syntax error/],
  ["SELECT (1", "invalidQuery", /Syntax error/],
  ["SELECT 'abc", "invalidQuery", /Unclosed string literal at \[1:8\]/],
  ["SELECT '\\q'", "invalidQuery", /Illegal escape/],
  ["SELECT TOP 3 x FROM UNNEST([1]) AS x", "invalidQuery", /Syntax error/],
  ["SELECT 1 FROM (SELECT 1 AS a) LATERAL VIEW explode(a) b", "notImplemented", /LATERAL/],
  ["SELECT x LIKE ANY ('a') FROM UNNEST(['a']) AS x", "notImplemented", /ANY/],
  ["SELECT TRIM(BOTH 'a' FROM 'b')", "notImplemented", /FROM/],
  ["SELECT x FROM UNNEST([1]) AS x LIMIT 1, 2", "invalidQuery", /LIMIT/],
  [
    "SELECT 1 FROM (SELECT 1 AS a), (SELECT 1 AS b) FULL JOIN (SELECT 1 AS c) ON b = c",
    "notImplemented",
    /after a comma/,
  ],
  ["SELECT 1 FROM (FROM UNNEST([1]) SELECT 1)", "notImplemented", /FROM without a SELECT/],
  // Statements.
  ["UPDATE d.t SET x = 1 WHERE TRUE", "notImplemented", /UPDATE/],
  ["MERGE d.t USING u ON TRUE WHEN MATCHED THEN DELETE", "notImplemented", /MERGE/],
  ["CREATE TABLE d.t (x INT64)", "notImplemented", /CREATE TABLE/],
  ["CREATE TEMP VIEW v AS SELECT 1", "notImplemented", /CREATE TEMP/],
  ["DECLARE x INT64", "notImplemented", /DECLARE/],
  ["TRUNCATE TABLE d.t", "notImplemented", /TRUNCATE/],
  ["DROP SCHEMA d", "notImplemented", /DROP SCHEMA/],
  ["VALUES (1)", "invalidQuery", /Expected a statement but got "VALUES"/],
  // Names and types.
  ["SELECT foo FROM (SELECT 1 AS a)", "invalidQuery", /^Unrecognized name: foo$/],
  ["SELECT a AS b FROM (SELECT 1 AS a) WHERE b = 1", "invalidQuery", /Unrecognized name: b/],
  ["SELECT x FROM (SELECT 1 AS x), (SELECT 2 AS x)", "invalidQuery", /ambiguous/],
  ["SELECT 1 AS a, 2 AS A", "invalidQuery", /Duplicate column names/],
  ["SELECT * FROM d.missing", "notFound", /^Not found: Table p:d.missing was not found in location US$/],
  ["SELECT * FROM other.t", "notFound", /^Not found: Dataset p:other was not found in location US$/],
  ["SELECT * FROM `d.t_*`", "notImplemented", /wildcard/],
  ["SELECT * FROM d.INFORMATION_SCHEMA.VIEWS", "notImplemented", /INFORMATION_SCHEMA/],
  ["SELECT * FROM nobody.INFORMATION_SCHEMA.TABLES", "notFound", /Dataset p:nobody/],
  ["SELECT ddl FROM d.INFORMATION_SCHEMA.TABLES", "invalidQuery", /Unrecognized name: ddl/],
  ["SELECT FARM_FINGERPRINT('a')", "notImplemented", /FARM_FINGERPRINT/],
  ["SELECT SAFE.LN(0)", "notImplemented", /SAFE\.LN/],
  ["SELECT NET.HOST('a')", "notImplemented", /NET\.HOST/],
  ["SELECT RAND()", "notImplemented", /RAND/],
  ["SELECT FORMAT('%d', 1)", "notImplemented", /FORMAT/],
  [
    "SELECT TIMESTAMP_TRUNC('abc' || 'd', DAY)",
    "invalidQuery",
    /^No matching signature for function TIMESTAMP_TRUNC for argument types: STRING, /,
  ],
  [
    "SELECT LENGTH(1)",
    "invalidQuery",
    /^No matching signature for function LENGTH for argument types: INT64\. Supported here: LENGTH/,
  ],
  ["SELECT 1 = 'a'", "invalidQuery", /No matching signature for operator =/],
  ["SELECT DATE '2026-01-01' = TIMESTAMP '2026-01-01'", "invalidQuery", /No matching signature for operator =/],
  ["SELECT 1 || 'a'", "invalidQuery", /operator \|\|/],
  // What BigQuery takes and the embedded one does not.
  ["SELECT STRUCT(1) = STRUCT(1)", "notImplemented", /operator = .*STRUCT/],
  ["SELECT STRUCT(1) IN (STRUCT(1))", "notImplemented", /STRUCT/],
  ["SELECT STRUCT(1) < STRUCT(1)", "invalidQuery", /No matching signature for operator </],
  ["SELECT [1] = [1]", "invalidQuery", /No matching signature for operator =/],
  ["SELECT s IN UNNEST(a) FROM (SELECT STRUCT(1) AS s, [STRUCT(1)] AS a)", "notImplemented", /IN UNNEST of STRUCT/],
  ["SELECT f IN UNNEST(a) FROM (SELECT 1.5 AS f, [1.5] AS a)", "notImplemented", /IN UNNEST of FLOAT64/],
  ["SELECT DATE '2026-01-01' + 1", "notImplemented", /operator.*\+ of dates/],
  ["SELECT TIMESTAMP '2026-01-01' - TIMESTAMP '2026-01-01'", "notImplemented", /operator.*- of dates/],
  ["SELECT DATE '2026-01-01' * 1", "invalidQuery", /No matching signature for operator \*/],
  ["SELECT b'a' & b'b'", "notImplemented", /& of BYTES/],
  ["SELECT JSON_QUERY('{}', '$.a')", "notImplemented", /JSON_QUERY\(STRING\[, STRING\]\) -> STRING/],
  ["SELECT UPPER(b'a')", "notImplemented", /UPPER\(BYTES\)/],
  ["SELECT REGEXP_EXTRACT('a', 'a', 1)", "notImplemented", /REGEXP_EXTRACT\(STRING, STRING, INT64/],
  ["SELECT TRUNC(1.55, 1)", "notImplemented", /TRUNC\(FLOAT64, INT64\)/],
  ["SELECT DATE_TRUNC(CURRENT_TIMESTAMP(), DAY)", "notImplemented", /DATE_TRUNC\(TIMESTAMP, PART/],
  ["SELECT TIMESTAMP_DIFF(d, d, DAY) FROM (SELECT DATETIME '2026-01-01' AS d)", "notImplemented", /DATETIME, DATETIME/],
  ["SELECT STRING(JSON '1')", "notImplemented", /STRING\(JSON\)/],
  ["SELECT STRING_AGG(x) FROM UNNEST([b'a']) AS x", "notImplemented", /STRING_AGG\(BYTES/],
  [`SELECT ${"(".repeat(40)}1${")".repeat(40)}`, "notImplemented", /nested so deeply/],
  [`SELECT ${"ABS(".repeat(80)}1${")".repeat(80)}`, "notImplemented", /nested so deeply/],
  ["SELECT 1 + 'a'", "invalidQuery", /operator \+/],
  ["SELECT IF(1, 2, 3)", "invalidQuery", /function IF/],
  ["SELECT CASE WHEN TRUE THEN 1 ELSE 'a' END", "invalidQuery", /CASE/],
  ["SELECT CAST(DATE '2026-01-01' AS INT64)", "invalidQuery", /Invalid cast from DATE to INT64/],
  ["SELECT DATE '2026-02-30'", "invalidQuery", /Invalid DATE literal/],
  ["SELECT AVG(x) FROM UNNEST([NUMERIC '1']) AS x", "notImplemented", /NUMERIC of AVG/],
  ["SELECT SQRT(NUMERIC '1')", "notImplemented", /NUMERIC of SQRT/],
  ["SELECT NUMERIC '1' / 2", "notImplemented", /NUMERIC/],
  [
    "SELECT TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL 1 MONTH)",
    "invalidQuery",
    /TIMESTAMP_ADD does not support the MONTH/,
  ],
  ["SELECT TIMESTAMP_TRUNC(TIMESTAMP '2026-01-01', DAY, 'Europe/Berlin')", "notImplemented", /Europe\/Berlin/],
  ["SELECT TIMESTAMP '2026-01-01 00:00:00 Europe/Berlin'", "notImplemented", /Europe\/Berlin/],
  ["SELECT FORMAT_TIMESTAMP('%c', CURRENT_TIMESTAMP())", "notImplemented", /%c/],
  ["SELECT INTERVAL 1 DAY", "notImplemented", /INTERVAL/],
  ["SELECT CAST(1 AS BIGNUMERIC)", "notImplemented", /BIGNUMERIC/],
  ["SELECT CAST(1 AS NUMERIC(10, 2))", "notImplemented", /NUMERIC/],
  ["SELECT REGEXP_EXTRACT('a', '(a)(b)')", "invalidQuery", /capturing group/],
  ["SELECT REGEXP_EXTRACT('a', '(a)?b')", "notImplemented", /regular expression/],
  ["SELECT JSON_VALUE('{}', '$..a')", "notImplemented", /JSONPath/],
  ["WITH a AS (SELECT 1), A AS (SELECT 2) SELECT 1", "invalidQuery", /Duplicate alias a for WITH/],
  // Clauses.
  ["SELECT x, COUNT(*) FROM UNNEST([1]) AS x", "invalidQuery", /neither grouped nor aggregated/],
  ["SELECT x FROM UNNEST([1]) AS x WHERE COUNT(*) > 1", "invalidQuery", /COUNT not allowed in WHERE/],
  ["SELECT SUM(COUNT(*)) FROM UNNEST([1]) AS x", "invalidQuery", /not allowed/],
  [
    "SELECT ROW_NUMBER() OVER () FROM UNNEST([1]) AS x WHERE ROW_NUMBER() OVER () = 1",
    "invalidQuery",
    /Analytic function not allowed/,
  ],
  ["SELECT RANK() OVER () FROM UNNEST([1]) AS x", "invalidQuery", /ORDER BY is required/],
  ["SELECT SUM(x) OVER (PARTITION BY x) FROM UNNEST([1.5]) AS x", "invalidQuery", /FLOAT64/],
  ["SELECT ROW_NUMBER() FROM UNNEST([1]) AS x", "invalidQuery", /without an OVER/],
  ["SELECT 1 FROM UNNEST([1]) AS x WHERE 1", "invalidQuery", /WHERE clause should return type BOOL/],
  ["SELECT x FROM UNNEST([1]) AS x ORDER BY 2", "invalidQuery", /out of range/],
  ["SELECT UPPER(x) AS x, COUNT(*) FROM UNNEST(['a']) AS x GROUP BY x", "notImplemented", /GROUP BY name/],
  ["SELECT SUM(x) AS x FROM UNNEST([1]) AS x HAVING x > 1", "notImplemented", /SELECT alias/],
  ["SELECT -x AS x FROM UNNEST([1]) AS x ORDER BY x + 1", "notImplemented", /SELECT alias/],
  ["SELECT (SELECT SUM(x)) FROM UNNEST([1]) AS x", "notImplemented", /outer query/],
  ["SELECT @missing", "invalidQuery", /Query parameter 'missing' not found/],
  ["SELECT ?", "invalidQuery", /position 1/],
];

describe("refusals", () => {
  it.each(REFUSALS)("%s", (sql, reason, message) => {
    const error = errorOf(sql);
    expect(error.message).toMatch(message);
    expect(error.reason).toBe(reason);
  });

  it("refuses a parameter value that is not of its type", () => {
    const parameter = { name: "a", parameterType: { type: "INT64" }, parameterValue: { value: "abc" } };
    expect(() => translateSql("SELECT @a", [], [parameter])).toThrow(/Invalid value for type INT64: 'abc'/);
  });
});

function errorOf(sql: string): SqlError {
  try {
    translateSql(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("was translated");
}
