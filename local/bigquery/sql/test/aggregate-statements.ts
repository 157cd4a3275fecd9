import { cases } from "./statements.ts";

export const AGGREGATE_CASES = [
  ...cases("aggregate_functions", [
    ["COUNT", "SELECT COUNT(*), COUNT(x), COUNT(DISTINCT x) FROM UNNEST([1, 4, NULL, 4, 5]) AS x", [["5", "4", "3"]]],
    ["COUNTIF", "SELECT COUNTIF(x < 0), COUNTIF(x > 0) FROM UNNEST([5, -2, 3, 6, -10, NULL]) AS x", [["2", "3"]]],
    [
      "SUM and AVG",
      "SELECT SUM(x), SUM(DISTINCT x), AVG(x) FROM UNNEST([0, 2, NULL, 4, 4, 5]) AS x",
      [["15", "11", "3.0"]],
    ],
    [
      "of no row",
      "SELECT SUM(x), AVG(x), MAX(x), COUNT(x), COUNTIF(x > 1), LOGICAL_OR(x > 1) FROM UNNEST(CAST(NULL AS ARRAY<INT64>)) AS x",
      [[null, null, null, "0", "0", null]],
    ],
    ["MIN and MAX", "SELECT MIN(x), MAX(x) FROM UNNEST([8, NULL, 37, 55, 4]) AS x", [["4", "55"]]],
    [
      "MIN and MAX with NaN",
      "SELECT MIN(x), MAX(x) FROM UNNEST([1.5, CAST('NaN' AS FLOAT64), -1.5]) AS x",
      [["NaN", "NaN"]],
    ],
    [
      "LOGICAL_AND and OR",
      "SELECT LOGICAL_AND(x < 3), LOGICAL_OR(x < 3) FROM UNNEST([1, 2, 4]) AS x",
      [["false", "true"]],
    ],
    [
      "STRING_AGG",
      "SELECT STRING_AGG(x ORDER BY x), STRING_AGG(x, ' & ' ORDER BY LENGTH(x) DESC, x LIMIT 2), STRING_AGG(DISTINCT x, '-' ORDER BY x DESC) FROM UNNEST(['apple', NULL, 'pear', 'banana', 'pear']) AS x",
      [["apple,banana,pear,pear", "banana & apple", "pear-banana-apple"]],
    ],
    [
      "ARRAY_AGG",
      "SELECT ARRAY_AGG(x ORDER BY ABS(x)), ARRAY_AGG(DISTINCT x ORDER BY x), ARRAY_AGG(x ORDER BY x DESC LIMIT 2) FROM UNNEST([2, 1, -2, 3, 1]) AS x WHERE x <> -2",
      [
        [
          ["1", "1", "2", "3"],
          ["1", "2", "3"],
          ["3", "2"],
        ],
      ],
    ],
    [
      "ARRAY_AGG IGNORE NULLS",
      "SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x) FROM UNNEST([2, NULL, 1]) AS x",
      [[["1", "2"]]],
    ],
    ["BIT_*", "SELECT BIT_AND(x), BIT_OR(x), BIT_XOR(x) FROM UNNEST([61441, 161]) AS x", [["1", "61601", "61600"]]],
    [
      "GROUP BY",
      "SELECT a, COUNT(*) AS n, SUM(b) FROM UNNEST([STRUCT('x' AS a, 2 AS b), ('x', 3), ('y', 5), (NULL, 1)]) GROUP BY a ORDER BY a",
      [
        [null, "1", "1"],
        ["x", "2", "5"],
        ["y", "1", "5"],
      ],
    ],
    [
      "GROUP BY position, alias and expression",
      "SELECT MOD(x, 2) AS m, COUNT(*) FROM UNNEST([1, 2, 3]) AS x GROUP BY m HAVING COUNT(*) > 1",
      [["1", "2"]],
    ],
    ["GROUP BY position", "SELECT x + 1, COUNT(*) FROM UNNEST([1, 1]) AS x GROUP BY 1", [["2", "2"]]],
    ["HAVING with an alias", "SELECT x, SUM(x) AS s FROM UNNEST([1, 1, 5]) AS x GROUP BY x HAVING s > 2", [["5", "5"]]],
    ["expression over a key", "SELECT x * 10 + COUNT(*) FROM UNNEST([1, 1]) AS x GROUP BY x", [["12"]]],
  ]),
  ...cases("subqueries", [
    [
      "grouping key in a correlated subquery",
      "SELECT x, (SELECT COUNT(*) FROM UNNEST([1, 2, 3]) AS y WHERE y > x) FROM UNNEST([1, 1, 2]) AS x GROUP BY x ORDER BY x",
      [
        ["1", "2"],
        ["2", "1"],
      ],
    ],
  ]),
  ...cases("approximate_aggregate_functions", [
    [
      "APPROX_QUANTILES",
      "SELECT APPROX_QUANTILES(x, 2) FROM UNNEST([1, 1, 1, 4, 5, 6, 7, 8, 9, 10]) AS x",
      [[["1", "5", "10"]]],
    ],
    [
      "APPROX_QUANTILES DISTINCT",
      "SELECT APPROX_QUANTILES(DISTINCT x, 2) FROM UNNEST([1, 1, 1, 4, 5, 6, 7, 8, 9, 10]) AS x",
      [[["1", "6", "10"]]],
    ],
    ["APPROX_COUNT_DISTINCT", "SELECT APPROX_COUNT_DISTINCT(x) FROM UNNEST([0, 1, 1, 2, 3, 5]) AS x", [["5"]]],
  ]),
  ...cases("statistical_aggregate_functions", [
    [
      "STDDEV and VARIANCE",
      "SELECT STDDEV(x), STDDEV_POP(x), VAR_SAMP(x), VAR_POP(x) FROM UNNEST([2, 4, 4, 4, 5, 5, 7, 9, 5]) AS x WHERE x <> 5",
      [["2.5298221281347035", "2.309401076758503", "6.4", "5.333333333333333"]],
    ],
    ["of one value", "SELECT STDDEV(x), VAR_POP(x), CORR(x, x) FROM UNNEST([2.0]) AS x", [[null, "0.0", null]]],
    [
      "COVAR and CORR",
      "SELECT ROUND(COVAR_POP(x, y), 6), ROUND(COVAR_SAMP(x, y), 6), ROUND(CORR(x, y), 6) FROM UNNEST([STRUCT(1.0 AS x, 1.0 AS y), (2.0, 6.0), (9.0, 3.0), (2.0, 6.0), (9.0, 3.0)])",
      [["-1.68", "-2.1", "-0.239926"]],
    ],
  ]),
  ...cases("numbering_functions", [
    [
      "RANK and others",
      "SELECT x, RANK() OVER w, DENSE_RANK() OVER w, ROW_NUMBER() OVER w, NTILE(2) OVER w FROM UNNEST([1, 2, 2, 5]) AS x WINDOW w AS (ORDER BY x) ORDER BY x, 4",
      [
        ["1", "1", "1", "1", "1"],
        ["2", "2", "2", "2", "1"],
        ["2", "2", "2", "3", "2"],
        ["5", "4", "3", "4", "2"],
      ],
    ],
    [
      "PERCENT_RANK and CUME_DIST",
      "SELECT PERCENT_RANK() OVER (ORDER BY x), CUME_DIST() OVER (ORDER BY x) FROM UNNEST([1, 2]) AS x ORDER BY x",
      [
        ["0.0", "0.5"],
        ["1.0", "1.0"],
      ],
    ],
  ]),
  ...cases("navigation_functions", [
    [
      "LAG and LEAD",
      "SELECT x, LAG(x) OVER (ORDER BY x), LEAD(x, 1, 0) OVER (ORDER BY x) FROM UNNEST([1, 2, 3]) AS x ORDER BY x",
      [
        ["1", null, "2"],
        ["2", "1", "3"],
        ["3", "2", "0"],
      ],
    ],
    [
      "FIRST_VALUE and LAST_VALUE",
      "SELECT x, FIRST_VALUE(x IGNORE NULLS) OVER (ORDER BY x), LAST_VALUE(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), NTH_VALUE(x, 2) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM UNNEST([NULL, 1, 2]) AS x ORDER BY x",
      [
        [null, null, "2", "1"],
        ["1", "1", "2", "1"],
        ["2", "1", "2", "1"],
      ],
    ],
    [
      "PERCENTILE_CONT",
      "SELECT PERCENTILE_CONT(x, 0) OVER(), PERCENTILE_CONT(x, 0.01) OVER(), PERCENTILE_CONT(x, 0.5) OVER(), PERCENTILE_CONT(x, 1) OVER() FROM UNNEST([0, 3, NULL, 1, 2]) AS x LIMIT 1",
      [["0.0", "0.03", "1.5", "3.0"]],
    ],
    [
      "PERCENTILE_DISC",
      "SELECT PERCENTILE_DISC(x, 0) OVER(), PERCENTILE_DISC(x, 0.5) OVER(), PERCENTILE_DISC(x, 1) OVER() FROM UNNEST(['c', NULL, 'b', 'a']) AS x LIMIT 1",
      [["a", "b", "c"]],
    ],
  ]),
  ...cases("window-function-calls", [
    [
      "running sum",
      "SELECT x, SUM(x) OVER (ORDER BY x), SUM(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), COUNT(*) OVER () FROM UNNEST([1, 2, 3]) AS x ORDER BY x",
      [
        ["1", "1", "1", "3"],
        ["2", "3", "3", "3"],
        ["3", "6", "5", "3"],
      ],
    ],
    [
      "range frame",
      "SELECT x, COUNT(*) OVER (ORDER BY x RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM UNNEST([1, 2, 4, 8]) AS x ORDER BY x",
      [
        ["1", "2"],
        ["2", "2"],
        ["4", "2"],
        ["8", "1"],
      ],
    ],
    [
      "aggregate in a window",
      "SELECT x, SUM(COUNT(*)) OVER () FROM UNNEST([1, 1, 2]) AS x GROUP BY x ORDER BY x",
      [
        ["1", "3"],
        ["2", "3"],
      ],
    ],
    [
      "PARTITION BY",
      "SELECT a, b, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) FROM UNNEST([STRUCT('x' AS a, 1 AS b), ('x', 2), ('y', 1)]) ORDER BY a, b",
      [
        ["x", "1", "2"],
        ["x", "2", "1"],
        ["y", "1", "1"],
      ],
    ],
  ]),
];
