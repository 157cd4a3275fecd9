import type { DuckDBConnection } from "@duckdb/node-api";
import { beforeEach, describe, expect, it } from "vitest";
import { openDuckDb, query, translateSql } from "./run.ts";
import { readings, READINGS_DDL, READINGS_ROWS, view } from "./tables.ts";
import type { Table } from "../../schema/table.ts";

let connection: DuckDBConnection;

beforeEach(async () => {
  connection = await openDuckDb();
  await connection.run(READINGS_DDL);
  await connection.run(READINGS_ROWS);
});

describe("tables", () => {
  it.each(["d.readings", "`p.d.readings`", "p.d.readings", "readings", "`p`.d.readings AS r"])(
    "finds %s",
    async (name) => {
      expect(await query(connection, `SELECT COUNT(*) FROM ${name}`, [readings()])).toEqual([["4"]]);
    },
  );

  it("types the columns of a table", () => {
    const statement = translateSql("SELECT * FROM readings", [readings()]);
    expect(
      statement.kind === "select" && statement.fields.map((field) => `${field.name} ${field.type} ${field.mode}`),
    ).toEqual([
      "tenant STRING NULLABLE",
      "seq INTEGER NULLABLE",
      "ts TIMESTAMP NULLABLE",
      "value FLOAT NULLABLE",
      "tags STRING REPEATED",
    ]);
    expect(statement).toMatchObject({ tables: [{ tableId: "readings" }] });
  });
});

describe("INFORMATION_SCHEMA", () => {
  const tables = [readings(), view("newest", "SELECT 1 AS x")];

  it("lists tables and views", async () => {
    const sql =
      "SELECT table_name, table_type, is_insertable_into FROM d.INFORMATION_SCHEMA.TABLES ORDER BY table_name";
    expect(await query(connection, sql, tables)).toEqual([
      ["newest", "VIEW", "NO"],
      ["readings", "BASE TABLE", "YES"],
    ]);
  });

  it("lists columns with their GoogleSQL types", async () => {
    const sql = `SELECT column_name, ordinal_position, is_nullable, data_type, is_partitioning_column
      FROM \`p.d\`.INFORMATION_SCHEMA.COLUMNS AS c WHERE c.table_name = 'readings' ORDER BY c.ordinal_position`;
    expect(await query(connection, sql, tables)).toEqual([
      ["tenant", "1", "NO", "STRING", "NO"],
      ["seq", "2", "YES", "INT64", "NO"],
      ["ts", "3", "YES", "TIMESTAMP", "YES"],
      ["value", "4", "YES", "FLOAT64", "NO"],
      ["tags", "5", "NO", "ARRAY<STRING>", "NO"],
    ]);
  });

  it("of an empty dataset is empty", async () => {
    expect(await query(connection, "SELECT * FROM d.INFORMATION_SCHEMA.COLUMNS")).toEqual([]);
  });
});

describe("expired partitions", () => {
  const DAY_MS = 86_400_000;
  const expiring = (days: number): Table =>
    readings({ partitioning: { granularity: "DAY", field: "ts", expirationMs: days * DAY_MS } });

  it.each([
    [3, "3"],
    [4, "4"],
    [1, "1"],
  ])("hides rows of partitions older than %i days", async (days, count) => {
    expect(await query(connection, "SELECT COUNT(*) FROM readings", [expiring(days)])).toEqual([[count]]);
  });

  it("compares the bare column with a constant", () => {
    expect(translateSql("SELECT 1 AS x FROM readings", [expiring(3)])).toMatchObject({
      duckSql: expect.stringContaining(
        `"ts" IS NULL OR "ts" >= CAST('2025-12-30 00:00:00.000000+00' AS TIMESTAMPTZ)`,
      ) as string,
    });
  });

  it.each([
    ["HOUR", "2025-12-31 01:00:00"],
    ["MONTH", "2026-01-01 00:00:00"],
    ["YEAR", "2026-01-01 00:00:00"],
  ] as const)("cuts off at a start of a partition: %s", (granularity, cutOff) => {
    const table = readings({ partitioning: { granularity, field: "ts", expirationMs: DAY_MS } });
    expect(translateSql("SELECT 1 AS x FROM readings", [table])).toMatchObject({
      duckSql: expect.stringContaining(cutOff) as string,
    });
  });

  it("leaves expired rows alone in DELETE", async () => {
    const statement = translateSql("DELETE FROM readings WHERE TRUE", [expiring(3)]);
    if (statement.kind === "delete") await connection.run(statement.duckSql);
    expect(await query(connection, "SELECT seq FROM readings", [readings()])).toEqual([["2"]]);
  });
});

describe("required partition filters", () => {
  const strict = readings({ requirePartitionFilter: true });
  const tables = [
    strict,
    view("v", "SELECT * FROM p.d.readings"),
    view("w", "SELECT DATE(ts) AS ts FROM p.d.readings"),
  ];
  const message =
    "Cannot query over table 'p.d.readings' without a filter over column(s) 'ts' that can be used for partition elimination";

  it.each([
    "SELECT 1 FROM readings",
    "SELECT 1 FROM readings WHERE seq = 1",
    "SELECT 1 FROM readings WHERE ts > '2025-01-01' OR seq = 1",
    "SELECT 1 FROM readings AS a WHERE a.ts = a.ts",
    "SELECT 1 FROM readings WHERE DATE(ts) IS NULL",
    "SELECT 1 FROM readings WHERE seq IS NULL",
    "SELECT 1 FROM readings AS a JOIN readings AS b ON a.seq = b.seq WHERE a.ts > '2025-01-01'",
    "SELECT 1 FROM v",
    "SELECT (SELECT COUNT(*) FROM readings)",
    "SELECT EXISTS(SELECT 1 FROM readings)",
    "SELECT 1 FROM w WHERE ts > '2025-01-01'",
    "DELETE FROM readings WHERE seq = 1",
    "INSERT INTO readings (tenant) SELECT tenant FROM readings",
  ])("refuses %s", (sql) => expect(() => translateSql(sql, tables)).toThrow(message));

  it.each([
    "SELECT 1 FROM readings WHERE ts > '2025-01-01'",
    "SELECT 1 FROM readings WHERE seq = 1 AND '2025-01-01' <= ts",
    "SELECT 1 FROM readings WHERE DATE(ts) = CURRENT_DATE()",
    "SELECT 1 FROM readings WHERE CAST(ts AS DATE) BETWEEN '2025-01-01' AND '2025-01-02'",
    "SELECT 1 FROM readings AS a WHERE TIMESTAMP_TRUNC(a.ts, DAY) IN ('2025-01-01')",
    "SELECT 1 FROM v WHERE ts > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)",
    "DELETE FROM readings WHERE ts < '2025-01-01'",
    "SELECT 1 FROM readings WHERE ts IS NULL",
    "SELECT 1 FROM v WHERE v.ts IS NOT NULL",
  ])("accepts %s", (sql) => expect(() => translateSql(sql, tables)).not.toThrow());
});

describe("views", () => {
  const dedup = view(
    "latest",
    "SELECT * FROM `p.d.readings` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY tenant, seq ORDER BY ts DESC) = 1",
  );

  it("expands the de-duplicating view", async () => {
    const rows = await query(connection, "SELECT tenant, seq, value FROM d.latest ORDER BY tenant, seq", [
      readings(),
      dedup,
    ]);
    expect(rows).toEqual([
      ["a", "1", "2.5"],
      ["a", "2", "3.5"],
      ["b", "1", null],
    ]);
  });

  it("names the view whose query is wrong, and the one that reads it", () => {
    const inner = view("inner_view", "SELECT gone FROM p.d.readings");
    const outer = view("outer_view", "SELECT * FROM p.d.inner_view");
    expect(() => translateSql("SELECT * FROM d.outer_view", [readings(), inner, outer])).toThrow(
      "Unrecognized name: gone (in view p.d.inner_view) (in view p.d.outer_view)",
    );
    expect(() => translateSql("SELECT 1 FROM d.lost", [view("lost", "SELECT * FROM p.d.dropped")])).toThrow(
      /^Not found: Table p:d\.dropped .* \(in view p\.d\.lost\)$/,
    );
  });

  it("keeps QUALIFY plain", () => {
    expect(translateSql("SELECT COUNT(*) FROM latest", [readings(), dedup])).toMatchObject({
      duckSql: expect.stringMatching(
        /WHERE TRUE QUALIFY \(row_number\(\) OVER \(PARTITION BY "r\d+"."tenant", "r\d+"."seq" ORDER BY "r\d+"."ts" DESC NULLS LAST\) = CAST\(1 AS BIGINT\)\)/,
      ) as string,
    });
  });

  it("refuses a view that refers to itself", () => {
    const tables = [view("a", "SELECT * FROM d.b"), view("b", "SELECT * FROM d.a")];
    expect(() => translateSql("SELECT * FROM d.a", tables)).toThrow(/refers to itself/);
  });

  it("creates a view with the query as written", () => {
    const statement = translateSql(
      "CREATE OR REPLACE VIEW d.v AS\nSELECT seq AS n, -- count\n  tags FROM d.readings ;",
      [readings()],
    );
    expect(statement).toMatchObject({
      kind: "createView",
      ref: { projectId: "p", datasetId: "d", tableId: "v" },
      query: "SELECT seq AS n, -- count\n  tags FROM d.readings",
      fields: [
        { name: "n", type: "INTEGER", mode: "NULLABLE" },
        { name: "tags", type: "STRING", mode: "REPEATED" },
      ],
      orReplace: true,
      ifNotExists: false,
    });
  });

  it("drops", () => {
    expect(translateSql("DROP VIEW IF EXISTS `my-project.d.v`")).toMatchObject({
      kind: "drop",
      target: "VIEW",
      ref: { projectId: "my-project" },
      ifExists: true,
    });
    expect(translateSql("DROP TABLE d.v;")).toMatchObject({ target: "TABLE", ifExists: false });
    expect(() => translateSql("DROP TABLE d.v CASCADE")).toThrow(/Syntax error/);
  });
});

describe("DML", () => {
  const run = async (sql: string): Promise<void> => {
    const statement = translateSql(sql, [readings()]);
    if (statement.kind === "insert" || statement.kind === "delete") await connection.run(statement.duckSql);
  };

  it("deletes by an alias, a subquery and a parameterless condition", async () => {
    await run("DELETE d.readings AS r WHERE r.seq = 1 AND r.tenant IN (SELECT 'a')");
    expect(await query(connection, "SELECT tenant, seq FROM readings ORDER BY tenant", [readings()])).toEqual([
      ["a", "2"],
      ["b", "1"],
    ]);
  });

  it("needs a WHERE", () => {
    expect(() => translateSql("DELETE FROM readings", [readings()])).toThrow(/must have a WHERE clause/);
    expect(() => translateSql("DELETE FROM readings WHERE TRUE LIMIT 1", [readings()])).toThrow(/not supported/);
    expect(() => translateSql("DELETE FROM readings WHERE TRUE GROUP BY 1", [readings()])).toThrow(/not supported/);
  });

  it("inserts values with coercion and leaves the rest NULL", async () => {
    await run(
      "INSERT INTO readings (tenant, ts, value) VALUES ('c', '2026-01-01 00:00:00+00', 1), (CONCAT('c', 'd'), NULL, (1 + 1) * 2)",
    );
    const rows = await query(
      connection,
      "SELECT tenant, seq, ts, value, tags FROM readings WHERE STARTS_WITH(tenant, 'c') ORDER BY tenant",
      [readings()],
    );
    expect(rows).toEqual([
      ["c", null, "1767225600000000", "1.0", []],
      ["cd", null, null, "4.0", []],
    ]);
  });

  it("inserts a query without INTO", async () => {
    await run("INSERT d.readings (tenant, seq, tags) SELECT 'z', seq + 10, tags FROM d.readings WHERE seq = 2");
    expect(await query(connection, "SELECT seq FROM readings WHERE tenant = 'z'", [readings()])).toEqual([["12"]]);
  });

  it.each([
    ["INSERT INTO readings (tenant) VALUES (1)", /Value has type INT64 which cannot be inserted into column tenant/],
    ["INSERT INTO readings (seq) VALUES (1)", /Required field tenant/],
    ["INSERT INTO readings (tenant, seq) VALUES ('a')", /wrong column count/],
    ["INSERT INTO readings (nope) VALUES (1)", /nope is not present/],
    ["INSERT INTO readings (tenant) VALUES (DEFAULT)", /DEFAULT/],
    ["INSERT INTO readings (tenant) VALUES ('a') RETURNING tenant", /Syntax error|not supported/],
  ])("refuses %s", (sql, message) => expect(() => translateSql(sql, [readings()])).toThrow(message));

  it("refuses NULL for a required column when it runs", async () => {
    await expect(run("INSERT INTO readings (tenant) VALUES (NULL)")).rejects.toThrow(/Required field tenant/);
  });
});
