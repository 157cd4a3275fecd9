import { cases, type StatementCase } from "./statements.ts";
import { AGGREGATE_CASES } from "./aggregate-statements.ts";
import { JSON_CASES } from "./json-statements.ts";
import { TIME_CASES } from "./time-statements.ts";

const OPERATORS = cases("operators", [
  ["integer arithmetic", "SELECT 1 + 2, 5 - 7, 3 * 4, -5", [["3", "-2", "12", "-5"]]],
  ["division is FLOAT64", "SELECT 7 / 2, 1 / 4", [["3.5", "0.25"]]],
  ["multiplication binds tighter", "SELECT 2 + 3 * 4, (2 + 3) * 4", [["14", "20"]]],
  ["AND binds tighter than OR", "SELECT TRUE OR FALSE AND FALSE, (TRUE OR FALSE) AND FALSE", [["true", "false"]]],
  [
    "long chains of AND and OR",
    "SELECT TRUE AND TRUE AND TRUE AND FALSE, FALSE OR FALSE OR FALSE OR FALSE OR TRUE, TRUE AND TRUE AND NULL AND TRUE AND TRUE OR FALSE OR FALSE OR FALSE, 9 - 4 - 3 - 1, 16 / 2 / 2 / 2, 'a' || 'b' || 'c' || 'd' || 'e'",
    [["false", "true", null, "1", "2.0", "abcde"]],
  ],
  [
    "NULL logic",
    "SELECT NULL AND FALSE, NULL AND TRUE, NULL OR TRUE, NOT CAST(NULL AS BOOL)",
    [["false", null, "true", null]],
  ],
  ["integer and float", "SELECT 1 + 2.5, 1 < 1.5", [["3.5", "true"]]],
  ["NUMERIC", "SELECT NUMERIC '1.5' + 1, NUMERIC '1.5' * NUMERIC '2'", [["2.5", "3"]]],
  ["bit operators", "SELECT 6 & 3, 6 | 3, 6 ^ 3, ~0", [["2", "7", "5", "-1"]]],
  ["comparison", "SELECT 1 = 1, 1 <> 1, 1 != 2, 2 >= 3, 'a' < 'b'", [["true", "false", "true", "false", "true"]]],
  ["NULL comparison", "SELECT 1 = NULL, NULL = NULL", [[null, null]]],
  ["BETWEEN", "SELECT 5 BETWEEN 1 AND 5, 5 NOT BETWEEN 1 AND 5, 6 BETWEEN 1 AND 5", [["true", "false", "false"]]],
  [
    "LIKE",
    "SELECT 'abc' LIKE 'a%', 'abc' LIKE 'a_c', 'abc' NOT LIKE 'b%', 'ABC' LIKE 'abc'",
    [["true", "true", "true", "false"]],
  ],
  [
    "LIKE escape",
    String.raw`SELECT '10%' LIKE '10\\%', '100' LIKE '10\\%', 'a_c' LIKE r'a\_c', 'abc' LIKE r'a\_c'`,
    [["true", "false", "true", "false"]],
  ],
  [
    "IN with NULL",
    "SELECT 1 IN (1, NULL), 2 IN (1, NULL), 2 NOT IN (1, NULL), 2 NOT IN (1, 3)",
    [["true", null, null, "true"]],
  ],
  [
    "IN UNNEST",
    "SELECT 1 IN UNNEST([1, 2]), 3 IN UNNEST([1, NULL]), 3 IN UNNEST(CAST(NULL AS ARRAY<INT64>))",
    [["true", null, "false"]],
  ],
  [
    "IN subquery",
    "SELECT 1 IN (SELECT 1), 3 NOT IN (SELECT x FROM UNNEST([1, 2]) AS x), 3 IN (SELECT x FROM UNNEST([1, NULL]) AS x)",
    [["true", "true", null]],
  ],
  [
    "IS",
    "SELECT NULL IS NULL, 1 IS NOT NULL, TRUE IS TRUE, FALSE IS NOT TRUE, CAST(NULL AS BOOL) IS FALSE",
    [["true", "true", "true", "true", "false"]],
  ],
  [
    "IS DISTINCT FROM",
    "SELECT 1 IS DISTINCT FROM 2, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL",
    [["true", "true", "true"]],
  ],
  ["concatenation", "SELECT 'Hello' || ' ' || 'World', [1, 2] || [3]", [["Hello World", ["1", "2", "3"]]]],
  [
    "array subscript",
    "SELECT ['a', 'b'][OFFSET(0)], ['a', 'b'][ORDINAL(2)], ['a'][SAFE_OFFSET(3)], ['a'][SAFE_ORDINAL(0)], ['a', 'b'][1]",
    [["a", "b", null, null, "b"]],
  ],
  ["struct field", "SELECT STRUCT(1 AS a, 'x' AS b).b AS x, STRUCT<a INT64, b FLOAT64>(1, 2).b", [["x", "2.0"]]],
  ["JSON field", `SELECT JSON_VALUE(JSON '{"a": {"b": "x"}}'.a.b), JSON '{"a": 1}'.z IS NULL`, [["x", "true"]]],
  [
    "NaN comparisons",
    "SELECT CAST('NaN' AS FLOAT64) = CAST('NaN' AS FLOAT64), CAST('NaN' AS FLOAT64) > 1, CAST('NaN' AS FLOAT64) < 1, CAST('NaN' AS FLOAT64) <> 1, CAST('NaN' AS FLOAT64) = NULL",
    [["false", "false", "false", "true", null]],
  ],
  [
    "NaN of columns",
    "SELECT x < y, x >= y, x <> y FROM (SELECT 1.5 AS x, CAST('NaN' AS FLOAT64) AS y)",
    [["false", "false", "true"]],
  ],
  [
    "date against string literal",
    "SELECT DATE '2026-01-01' < '2026-01-02', TIMESTAMP '2026-01-01 00:00:00+00' = '2026-01-01'",
    [["true", "true"]],
  ],
]);

const LEXICAL = cases("lexical", [
  ["escapes", String.raw`SELECT 'a\tb', "it's", 'q\u00e9\x41\101', r'\d'`, [["a\tb", "it's", "qéAA", "\\d"]]],
  ["triple quotes", `SELECT '''a'b''', """a"b"""`, [["a'b", 'a"b']]],
  ["bytes", String.raw`SELECT b'abc', b'\xff', LENGTH(b'abc')`, [["YWJj", "/w==", "3"]]],
  ["numbers", "SELECT 0xF, 1e2, .5, -9223372036854775808", [["15", "100.0", "0.5", "-9223372036854775808"]]],
  ["comments", "SELECT 1 -- '@p\n, 2 # ?\n, /* SELECT */ 3", [["1", "2", "3"]]],
  [
    "typed literals",
    "SELECT DATE '2026-01-02', TIME '01:02:03', DATETIME '2026-01-02 03:04:05', TIMESTAMP '2026-01-01 01:00:00+01'",
    [["2026-01-02", "01:02:03", "2026-01-02T03:04:05", "1767225600000000"]],
  ],
  ["quoted identifiers", "SELECT `a b`.`x` FROM (SELECT 1 AS x) AS `a b`", [["1"]]],
  ["names without regard to case", "SELECT T.X FROM (SELECT 1 AS x) AS t", [["1"]]],
  ["keyword after a dot", "SELECT t.timestamp, t.value FROM (SELECT 1 AS timestamp, 2 AS value) AS t", [["1", "2"]]],
]);

const CONDITIONALS = cases("conditional_expressions", [
  [
    "CASE",
    "SELECT CASE WHEN 1 > 2 THEN 'a' WHEN NULL THEN 'b' ELSE 'c' END, CASE 2 WHEN 1 THEN 'x' WHEN 2 THEN 'y' END, CASE 3 WHEN 1 THEN 'x' END",
    [["c", "y", null]],
  ],
  ["IF", "SELECT IF(1 < 2, 10, 20), IF(NULL, 10, 20)", [["10", "20"]]],
  [
    "COALESCE and IFNULL",
    "SELECT COALESCE('A', 'B', 'C'), COALESCE(NULL, 'B'), IFNULL(NULL, 0), IFNULL(10, 0)",
    [["A", "B", "0", "10"]],
  ],
  ["NULLIF", "SELECT NULLIF(0, 0), NULLIF(10, 0)", [[null, "10"]]],
  ["supertypes", "SELECT COALESCE(NULL, 1, 2.5), IF(TRUE, 1, NUMERIC '2.5')", [["1.0", "1"]]],
]);

const CASTS = cases("conversion_functions", [
  ["half away from zero", "SELECT CAST(2.5 AS INT64), CAST(-2.5 AS INT64), CAST(1.4 AS INT64)", [["3", "-3", "1"]]],
  [
    "to BOOL and back",
    "SELECT CAST('true' AS BOOL), CAST(0 AS BOOL), CAST(TRUE AS INT64), CAST(FALSE AS STRING)",
    [["true", "false", "1", "false"]],
  ],
  [
    "TIMESTAMP to STRING",
    "SELECT CAST(TIMESTAMP '2026-01-01 00:00:00+00' AS STRING), CAST(TIMESTAMP '2026-01-01 00:00:00.12+00' AS STRING), CAST(TIMESTAMP '2026-01-01 00:00:00.000001+00' AS STRING)",
    [["2026-01-01 00:00:00+00", "2026-01-01 00:00:00.120+00", "2026-01-01 00:00:00.000001+00"]],
  ],
  [
    "dates to STRING",
    "SELECT CAST(DATE '2026-01-02' AS STRING), CAST(DATETIME '2026-01-02 03:04:05' AS STRING), CAST(TIME '01:02:03.5' AS STRING)",
    [["2026-01-02", "2026-01-02 03:04:05", "01:02:03.500"]],
  ],
  [
    "FLOAT64 to STRING",
    "SELECT CAST(0.1 AS STRING), CAST(0.1 + 0.2 AS STRING), CAST(CAST('inf' AS FLOAT64) AS STRING), CAST(1.0 AS STRING), CAST(-0.0 AS STRING), TO_JSON_STRING(1.0)",
    [["0.1", "0.30000000000000004", "inf", "1", "0", "1"]],
  ],
  [
    "from STRING",
    "SELECT CAST('12' AS INT64), CAST('1.5e1' AS FLOAT64), CAST('2026-01-02' AS DATE), CAST('2026-01-02 03:04:05+00' AS TIMESTAMP)",
    [["12", "15.0", "2026-01-02", "1767323045000000"]],
  ],
  [
    "SAFE_CAST",
    "SELECT SAFE_CAST('apple' AS INT64), SAFE_CAST('1.5' AS INT64), SAFE_CAST('2026-13-01' AS DATE), SAFE_CAST(CAST('nan' AS FLOAT64) AS INT64)",
    [[null, null, null, null]],
  ],
  [
    "between times",
    "SELECT CAST(TIMESTAMP '2026-01-02 03:04:05+00' AS DATE), CAST(DATE '2026-01-01' AS TIMESTAMP), CAST(DATETIME '2026-01-02 03:04:05' AS TIME)",
    [["2026-01-02", "1767225600000000", "03:04:05"]],
  ],
]);

const STRINGS = cases("string_functions", [
  ["LENGTH", "SELECT LENGTH('абвгд'), BYTE_LENGTH('абвгд'), CHAR_LENGTH('abc')", [["5", "10", "3"]]],
  [
    "INSTR",
    "SELECT INSTR('banana', 'an'), INSTR('banana', 'an', 1, 1), INSTR('banana', 'an', 1, 2), INSTR('banana', 'an', 1, 3), INSTR('banana', 'an', 3, 1), INSTR('banana', 'an', -1, 1), INSTR('banana', 'an', -3, 1), INSTR('banana', 'ann', 1, 1), INSTR('helloooo', 'oo', 1, 2), INSTR('helloooo', 'oo', -1, 2), INSTR('a', NULL, 1), INSTR('banana', 'an', INSTR('banana', 'n', 1))",
    [["2", "2", "4", "0", "4", "4", "4", "0", "6", "6", null, "4"]],
  ],
  [
    "SUBSTR",
    "SELECT SUBSTR('apple', 2), SUBSTR('apple', 2, 2), SUBSTR('apple', -2), SUBSTR('apple', 1, 123), SUBSTR('apple', 123), SUBSTR('apple', 0, 2), SUBSTR('apple', -10, 2)",
    [["pple", "pp", "le", "apple", "", "ap", "ap"]],
  ],
  [
    "TRIM",
    "SELECT TRIM('   apple   '), TRIM('***apple***', '*'), LTRIM('***apple***', '*'), RTRIM(' a\t\\n')",
    [["apple", "apple", "apple***", " a"]],
  ],
  ["case", "SELECT UPPER('foo'), LOWER('FOO')", [["FOO", "foo"]]],
  ["CONCAT", "SELECT CONCAT('T.P.', ' ', 'Bar'), CONCAT('a', NULL)", [["T.P. Bar", null]]],
  [
    "STARTS_WITH and ENDS_WITH",
    "SELECT STARTS_WITH('bar', 'b'), ENDS_WITH('apple', 'e'), STRPOS('foo@example.com', '@'), STRPOS('foo', 'x')",
    [["true", "true", "4", "0"]],
  ],
  ["REPLACE", "SELECT REPLACE('apple pie', 'pie', 'cobbler')", [["apple cobbler"]]],
  [
    "REGEXP_CONTAINS",
    "SELECT REGEXP_CONTAINS('foo@example.com', r'@[a-zA-Z0-9-]+\\.[a-zA-Z0-9-.]+'), REGEXP_CONTAINS('www.example.net', r'@')",
    [["true", "false"]],
  ],
  [
    "REGEXP_EXTRACT",
    "SELECT REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+'), REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\\.([a-zA-Z0-9-.]+$)'), REGEXP_EXTRACT('abc', r'x')",
    [["foo", "com", null]],
  ],
  [
    "REGEXP_REPLACE",
    "SELECT REGEXP_REPLACE('# Heading', r'^# ([a-zA-Z0-9\\s]+$)', '<h1>\\\\1</h1>'), REGEXP_REPLACE('abab', 'a', 'x')",
    [["<h1>Heading</h1>", "xbxb"]],
  ],
  ["SPLIT", "SELECT SPLIT('a,b,c'), SPLIT('b#a', '#'), SPLIT('')", [[["a", "b", "c"], ["b", "a"], [""]]]],
  [
    "padding",
    "SELECT LPAD('abc', 5, 'def'), LPAD('abc', 2), RPAD('abc', 8, 'def'), REPEAT('abc', 3), REVERSE('foo')",
    [["deabc", "ab", "abcdefde", "abcabcabc", "oof"]],
  ],
  ["LEFT and RIGHT", "SELECT LEFT('apple', 3), RIGHT('apple', 3)", [["app", "ple"]]],
  [
    "hex and base64",
    "SELECT TO_HEX(b'\\x00\\x01\\x02\\xff'), TO_BASE64(b'\\xde\\xad'), FROM_HEX('0001ff'), FROM_BASE64('/+A=')",
    [["000102ff", "3q0=", "AAH/", "/+A="]],
  ],
]);

const HASHES = cases("hash_functions", [
  ["MD5", "SELECT MD5('Hello World')", [["sQqNsWTgdUEFt6mb5y4/5Q=="]]],
  ["SHA256", "SELECT TO_HEX(SHA256('abc'))", [["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]]],
]);

const MATHS = cases("mathematical_functions", [
  [
    "rounding",
    "SELECT ROUND(2.0), ROUND(2.8), ROUND(2.5), ROUND(-2.5), ROUND(123.7, -1), ROUND(1.235, 2)",
    [["2.0", "3.0", "3.0", "-3.0", "120.0", "1.24"]],
  ],
  [
    "TRUNC, CEIL, FLOOR",
    "SELECT TRUNC(2.8), TRUNC(-2.8), CEIL(2.3), FLOOR(-2.3), CEIL(2)",
    [["2.0", "-2.0", "3.0", "-3.0", "2.0"]],
  ],
  ["DIV and MOD", "SELECT DIV(20, 4), DIV(12, -7), DIV(20, 3), MOD(25, 12), MOD(-7, 2)", [["5", "-1", "6", "1", "-1"]]],
  ["SAFE_DIVIDE", "SELECT SAFE_DIVIDE(20, 4), SAFE_DIVIDE(0, 20), SAFE_DIVIDE(20, 0)", [["5.0", "0.0", null]]],
  [
    "IEEE_DIVIDE",
    "SELECT IEEE_DIVIDE(20.0, 4.0), IEEE_DIVIDE(25.0, 0.0), IEEE_DIVIDE(-25.0, 0.0), IEEE_DIVIDE(0.0, 0.0)",
    [["5.0", "Infinity", "-Infinity", "NaN"]],
  ],
  [
    "SAFE_ADD and others",
    "SELECT SAFE_ADD(5, 4), SAFE_ADD(9223372036854775807, 1), SAFE_SUBTRACT(5, 4), SAFE_MULTIPLY(9223372036854775807, 2), SAFE_NEGATE(-9223372036854775808)",
    [["9", null, "1", null, null]],
  ],
  [
    "GREATEST and LEAST",
    "SELECT GREATEST(3, 5, 1), LEAST(3, 5, 1), GREATEST(1, NULL), LEAST(1, 2.5)",
    [["5", "1", null, "1.0"]],
  ],
  [
    "GREATEST with NaN",
    "SELECT GREATEST(1.0, CAST('NaN' AS FLOAT64)), LEAST(1.0, CAST('NaN' AS FLOAT64))",
    [["NaN", "NaN"]],
  ],
  [
    "ABS and SIGN",
    "SELECT ABS(25), ABS(-25), SIGN(25), SIGN(0), SIGN(-25), SIGN(-2.5)",
    [["25", "25", "1", "0", "-1", "-1.0"]],
  ],
  [
    "powers",
    "SELECT SQRT(25.0), POW(2.0, 3.0), EXP(0.0), LN(1.0), LOG10(100.0), IS_NAN(CAST('NaN' AS FLOAT64)), IS_INF(25)",
    [["5.0", "8.0", "1.0", "0.0", "2.0", "true", "false"]],
  ],
  [
    "LOG to a base",
    "SELECT LOG(100.0, 10.0), LOG(8, 2), LOG(4, 0.5), LOG(CAST('-inf' AS FLOAT64), 2), LOG(2, CAST('inf' AS FLOAT64)), LOG(CAST('inf' AS FLOAT64), 0.5), LOG(NULL, 2)",
    [["2.0", "3.0", "-2.0", "NaN", "NaN", "-Infinity", null]],
  ],
]);

const ARRAYS = cases("array_functions", [
  ["ARRAY_LENGTH", "SELECT ARRAY_LENGTH(['coffee', NULL, 'milk']), ARRAY_LENGTH([])", [["3", "0"]]],
  [
    "ARRAY_CONCAT",
    "SELECT ARRAY_CONCAT([1, 2], [3, 4], [5, 6]), ARRAY_REVERSE([1, 2, 3])",
    [
      [
        ["1", "2", "3", "4", "5", "6"],
        ["3", "2", "1"],
      ],
    ],
  ],
  [
    "ARRAY_TO_STRING",
    "SELECT ARRAY_TO_STRING(['coffee', 'tea', 'milk'], '--'), ARRAY_TO_STRING(['cake', 'pie', NULL], '--'), ARRAY_TO_STRING(['cake', 'pie', NULL], '--', 'MISSING')",
    [["coffee--tea--milk", "cake--pie", "cake--pie--MISSING"]],
  ],
  [
    "GENERATE_ARRAY",
    "SELECT GENERATE_ARRAY(1, 5), GENERATE_ARRAY(0, 10, 3), GENERATE_ARRAY(10, 0, -3), GENERATE_ARRAY(4, 4, 10), GENERATE_ARRAY(10, 0, 3)",
    [[["1", "2", "3", "4", "5"], ["0", "3", "6", "9"], ["10", "7", "4", "1"], ["4"], []]],
  ],
  [
    "GENERATE_DATE_ARRAY",
    "SELECT GENERATE_DATE_ARRAY('2016-10-05', '2016-10-08'), GENERATE_DATE_ARRAY('2016-10-05', '2016-10-01', INTERVAL -3 DAY)",
    [
      [
        ["2016-10-05", "2016-10-06", "2016-10-07", "2016-10-08"],
        ["2016-10-05", "2016-10-02"],
      ],
    ],
  ],
  [
    "GENERATE_TIMESTAMP_ARRAY",
    "SELECT ARRAY_LENGTH(GENERATE_TIMESTAMP_ARRAY('2016-10-05 00:00:00', '2016-10-07 00:00:00', INTERVAL 1 DAY))",
    [["3"]],
  ],
  [
    "ARRAY subquery",
    "SELECT ARRAY(SELECT x * 2 FROM UNNEST([1, 2, 3]) AS x ORDER BY x DESC), ARRAY(SELECT 1 FROM UNNEST([1]) AS x WHERE x > 1)",
    [[["6", "4", "2"], []]],
  ],
  [
    "ARRAY of STRUCT",
    "SELECT ARRAY(SELECT AS STRUCT x, x * 2 AS y FROM UNNEST([1, 2]) AS x ORDER BY x)",
    [
      [
        [
          ["1", "2"],
          ["2", "4"],
        ],
      ],
    ],
  ],
  ["NULL array is empty in a result", "SELECT CAST(NULL AS ARRAY<INT64>)", [[[]]]],
]);

const PARAMETERS = cases("query-syntax", [
  [
    "named parameters",
    "SELECT @a + 1, @s, '@a' -- @a",
    [["42", "it's", "@a"]],
    [
      { name: "a", parameterType: { type: "INT64" }, parameterValue: { value: "41" } },
      { name: "s", parameterType: { type: "STRING" }, parameterValue: { value: "it's" } },
    ],
  ],
  [
    "positional parameters",
    "SELECT ?, ? > 1, '?'",
    [["x", "true", "?"]],
    [
      { parameterType: { type: "STRING" }, parameterValue: { value: "x" } },
      { parameterType: { type: "FLOAT64" }, parameterValue: { value: "1.5" } },
    ],
  ],
  [
    "array parameter",
    "SELECT x FROM UNNEST([1, 2, 3]) AS x WHERE x IN UNNEST(@ids) ORDER BY x",
    [["1"], ["3"]],
    [
      {
        name: "ids",
        parameterType: { type: "ARRAY", arrayType: { type: "INT64" } },
        parameterValue: { arrayValues: [{ value: "1" }, { value: "3" }] },
      },
    ],
  ],
  [
    "struct and NULL parameters",
    "SELECT @p.x, @n IS NULL",
    [["7", "true"]],
    [
      {
        name: "p",
        parameterType: { type: "STRUCT", structTypes: [{ name: "x", type: { type: "INT64" } }] },
        parameterValue: { structValues: { x: { value: "7" } } },
      },
      { name: "n", parameterType: { type: "DATE" }, parameterValue: { value: null } },
    ],
  ],
]);

const QUERIES = cases("query-syntax", [
  [
    "WHERE, ORDER BY, LIMIT, OFFSET",
    "SELECT x FROM UNNEST([3, 1, 2, 5]) AS x WHERE x > 1 ORDER BY x DESC LIMIT 2 OFFSET 1",
    [["3"], ["2"]],
  ],
  ["NULLs first ascending", "SELECT x FROM UNNEST([1, NULL, 2]) AS x ORDER BY x", [[null], ["1"], ["2"]]],
  ["NULLs last descending", "SELECT x FROM UNNEST([1, NULL, 2]) AS x ORDER BY x DESC", [["2"], ["1"], [null]]],
  ["explicit NULLS", "SELECT x FROM UNNEST([1, NULL, 2]) AS x ORDER BY x NULLS LAST", [["1"], ["2"], [null]]],
  [
    "NaN after NULL",
    "SELECT x FROM UNNEST([1.5, NULL, CAST('NaN' AS FLOAT64), CAST('-inf' AS FLOAT64)]) AS x ORDER BY x",
    [[null], ["NaN"], ["-Infinity"], ["1.5"]],
  ],
  [
    "WITH OFFSET",
    "SELECT x, i FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS i ORDER BY i",
    [
      ["a", "0"],
      ["b", "1"],
    ],
  ],
  [
    "WITH OFFSET without a name",
    "SELECT x, offset FROM UNNEST(['a', 'b']) AS x WITH OFFSET ORDER BY offset DESC",
    [
      ["b", "1"],
      ["a", "0"],
    ],
  ],
  [
    "UNNEST of STRUCT",
    "SELECT a, b FROM UNNEST([STRUCT(1 AS a, 'x' AS b), (2, 'y')]) ORDER BY a",
    [
      ["1", "x"],
      ["2", "y"],
    ],
  ],
  [
    "correlated UNNEST",
    "SELECT t.id, u FROM (SELECT 1 AS id, ['a', 'b'] AS arr) AS t, UNNEST(t.arr) AS u ORDER BY u",
    [
      ["1", "a"],
      ["1", "b"],
    ],
  ],
  ["array path in FROM", "SELECT id, u FROM (SELECT 1 AS id, ['a'] AS arr) AS t, t.arr AS u", [["1", "a"]]],
  [
    "LEFT JOIN UNNEST",
    "SELECT t.id, u FROM UNNEST([STRUCT(1 AS id, ['a'] AS arr), (2, [])]) AS t LEFT JOIN UNNEST(t.arr) AS u ORDER BY t.id",
    [
      ["1", "a"],
      ["2", null],
    ],
  ],
  [
    "INNER JOIN",
    "SELECT a.x, b.y FROM (SELECT 1 AS x) AS a JOIN (SELECT 1 AS x, 2 AS y) AS b ON a.x = b.x",
    [["1", "2"]],
  ],
  [
    "LEFT JOIN",
    "SELECT a.x, b.x AS bx FROM (SELECT 1 AS x) AS a LEFT JOIN (SELECT 2 AS x) AS b ON a.x = b.x",
    [["1", null]],
  ],
  [
    "FULL JOIN USING",
    "SELECT * FROM (SELECT 1 AS x, 2 AS y) AS a FULL JOIN (SELECT 5 AS x, 3 AS z) AS b USING (x) ORDER BY x",
    [
      ["1", "2", null],
      ["5", null, "3"],
    ],
  ],
  [
    "CROSS JOIN and comma",
    "SELECT x, y FROM (SELECT 1 AS x), (SELECT 2 AS y) CROSS JOIN (SELECT 3 AS z)",
    [["1", "2"]],
  ],
  [
    "WITH",
    "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL SELECT * FROM b ORDER BY x",
    [["1"], ["2"]],
  ],
  ["set operations", "SELECT x FROM UNNEST([1, 1, 2]) AS x EXCEPT DISTINCT SELECT 2", [["1"]]],
  [
    "INTERSECT and UNION DISTINCT",
    "(SELECT x FROM UNNEST([1, 2, 2]) AS x INTERSECT DISTINCT SELECT 2) UNION DISTINCT SELECT 2",
    [["2"]],
  ],
  ["UNION ALL supertype", "SELECT 1 AS x UNION ALL SELECT 2.5 ORDER BY x", [["1.0"], ["2.5"]]],
  ["EXCEPT and REPLACE", "SELECT * EXCEPT (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b, 3 AS c)", [["2", "3"]]],
  ["qualified star", "SELECT t.* FROM (SELECT 1 AS a, 2 AS b) AS t", [["1", "2"]]],
  ["DISTINCT", "SELECT DISTINCT x FROM UNNEST([2, 1, 2, NULL]) AS x ORDER BY x", [[null], ["1"], ["2"]]],
  [
    "scalar and EXISTS subqueries",
    "SELECT (SELECT MAX(x) FROM UNNEST([1, 2]) AS x), EXISTS(SELECT 1 FROM UNNEST([1]) AS x WHERE x > 1)",
    [["2", "false"]],
  ],
  [
    "correlated subquery",
    "SELECT x, (SELECT SUM(y) FROM UNNEST([1, 2, 3]) AS y WHERE y <= x) FROM UNNEST([1, 3]) AS x ORDER BY x",
    [
      ["1", "1"],
      ["3", "6"],
    ],
  ],
  ["ORDER BY an alias that hides a column", "SELECT -x AS x FROM UNNEST([1, 2]) AS x ORDER BY x", [["-2"], ["-1"]]],
  [
    "QUALIFY",
    "SELECT item, ROW_NUMBER() OVER (ORDER BY item DESC) AS n FROM UNNEST(['a', 'b', 'c']) AS item WHERE TRUE QUALIFY n <= 2 ORDER BY n",
    [
      ["c", "1"],
      ["b", "2"],
    ],
  ],
]);

/** Every statement of the table. Another suite may send the same ones to BigQuery. */
export const STATEMENTS: readonly StatementCase[] = [
  ...OPERATORS,
  ...LEXICAL,
  ...CONDITIONALS,
  ...CASTS,
  ...STRINGS,
  ...HASHES,
  ...MATHS,
  ...ARRAYS,
  ...JSON_CASES,
  ...PARAMETERS,
  ...QUERIES,
  ...TIME_CASES,
  ...AGGREGATE_CASES,
];
