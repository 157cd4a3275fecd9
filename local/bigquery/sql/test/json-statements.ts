import { cases } from "./statements.ts";

/** Statements about JSON; see `statement-table.ts`. */
export const JSON_CASES = cases("json_functions", [
  [
    "JSON_VALUE",
    `SELECT JSON_VALUE(JSON '{"name": "Jakob", "age": "6"}', '$.age'), JSON_VALUE(JSON '{"a": [1]}', '$.a'), JSON_VALUE('{"a": {"b": true}}', '$.a.b'), JSON_VALUE('{"a": null}', '$.a'), JSON_VALUE('{"a": [1, 2]}', '$.a[1]')`,
    [["6", null, "true", null, "2"]],
  ],
  [
    "JSON_VALUE of a STRING: numbers as written",
    String.raw`SELECT JSON_VALUE('{"a": 1.50}', '$.a'), JSON_VALUE('{"a": -1E5}', '$.a'), JSON_VALUE('-0.0'), JSON_VALUE('{"x 5, 6": "1, -2.0", "k": 8.10, "z": "9.0 "}', '$.k'), JSON_VALUE('{"a": "1.50"}', '$.a'), JSON_VALUE(r'{"a\"1": "\\", "b": [0.10, 12345678901234567890.10]}', '$.b[1]'), JSON_VALUE('{"a": "no number"}', '$.a')`,
    [["1.50", "-1E5", "-0.0", "8.10", "1.50", "12345678901234567890.10", "no number"]],
  ],
  ["JSON_VALUE of a JSON: numbers as they are stored", `SELECT JSON_VALUE(JSON '{"a": 1.50}', '$.a')`, [["1.5"]]],
  ["JSON_QUERY", `SELECT JSON_QUERY(JSON '{"class": {"id": 1}}', '$.class')`, [['{"id":1}']]],
  [
    "TO_JSON_STRING",
    `SELECT TO_JSON_STRING(STRUCT(1 AS id, [10, 20] AS coordinates)), TO_JSON_STRING(9007199254740993), TO_JSON_STRING(TIMESTAMP '2026-01-01 00:00:00+00'), TO_JSON_STRING(CAST(NULL AS INT64)), TO_JSON_STRING('a"b'), TO_JSON_STRING([TRUE, NULL])`,
    [
      [
        '{"id":1,"coordinates":[10,20]}',
        '"9007199254740993"',
        '"2026-01-01T00:00:00Z"',
        "null",
        '"a\\"b"',
        "[true,null]",
      ],
    ],
  ],
]);
