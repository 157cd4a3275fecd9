import type { Field } from "../../schema/field.ts";
import type { Table } from "../../schema/table.ts";
import { analyze } from "../expressions/analyze.ts";
import { checkNeeds } from "../query/partition-filter.ts";
import { analyzeQuery } from "../query/query.ts";
import { findTable } from "../query/table.ts";
import { Session } from "../session.ts";
import { canonicalize } from "../source/canonical.ts";
import { Cursor } from "../source/cursor.ts";
import { type Token, tokenize } from "../source/lexer.ts";
import { parseQuery } from "../source/parse.ts";
import { queryAt } from "../source/statement-query.ts";
import { SqlError, type Statement, type TranslateInput } from "../statement.ts";
import type { Expr } from "../syntax/ast.ts";
import { readQuery } from "../syntax/read-query.ts";
import { SlotReader } from "../syntax/reader.ts";
import { coerce } from "../types/coerce.ts";
import { fieldSqlType, sameName, typeText } from "../types/sql-type.ts";
import { errorSql, type Value } from "../types/value.ts";
import { readPath } from "./path.ts";
import { topContext } from "./select.ts";
import { quoteName, quoteText } from "../../schema/duck-text.ts";

/** INSERT. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#insert_statement */
export function insertRows(cursor: Cursor, input: TranslateInput): Statement {
  cursor.next();
  cursor.takeWords("INTO");
  const session = new Session(input);
  const path = readPath(cursor);
  const table = findTable(path, session);
  if (table.kind === "VIEW") throw new SqlError("invalidQuery", `Cannot insert into view ${path.join(".")}`);
  const fields = readColumns(cursor, table);
  const rows = cursor.takeWords("VALUES") ? valuesSql(cursor, fields, session) : querySql(cursor, fields, session);
  const columns = fields.map((field) => quoteName(field.name)).join(", ");
  return { kind: "insert", table, duckSql: `INSERT INTO ${quoteName(table.storageName)} (${columns}) ${rows}` };
}

/** The named columns, or all. */
function readColumns(cursor: Cursor, table: Table): readonly Field[] {
  const isList =
    cursor.isSymbol("(") && !cursor.isWord("SELECT", 1) && !cursor.isWord("WITH", 1) && !cursor.isSymbol("(", 1);
  if (!isList) return table.fields;
  cursor.symbol("(");
  const fields: Field[] = [];
  do fields.push(columnNamed(cursor.name(), table, fields));
  while (cursor.takeSymbol(","));
  cursor.symbol(")");
  const missing = table.fields.find((field) => field.mode === "REQUIRED" && !fields.includes(field));
  if (missing !== undefined) throw new SqlError("invalidQuery", `Required field ${missing.name} cannot be null`);
  return fields;
}

function columnNamed(name: string, table: Table, before: readonly Field[]): Field {
  const field = table.fields.find((candidate) => sameName(candidate.name, name));
  if (field === undefined)
    throw new SqlError(
      "invalidQuery",
      `Column ${name} is not present in table ${table.ref.projectId}.${table.ref.datasetId}.${table.ref.tableId}`,
    );
  if (before.includes(field)) throw new SqlError("invalidQuery", `INSERT has columns with duplicate name: ${name}`);
  return field;
}

function querySql(cursor: Cursor, fields: readonly Field[], session: Session): string {
  const source = analyzeQuery(queryAt(cursor), topContext(session));
  checkNeeds(source.needs);
  checkCount(source.columns.length, fields);
  const columns = source.columns.map((column, index) =>
    assigned({ sql: column.sql, type: column.type }, fields[index], index),
  );
  return `SELECT ${columns.join(", ")} FROM (${source.sql})`;
}

function valuesSql(cursor: Cursor, fields: readonly Field[], session: Session): string {
  const rows = readRows(cursor).map((row) => {
    checkCount(row.length, fields);
    const context = { ...topContext(session), noAggregates: "VALUES", noWindows: "VALUES" };
    return `(${row.map((expr, index) => assigned(analyze(expr, context), fields[index], index)).join(", ")})`;
  });
  return `VALUES ${rows.join(", ")}`;
}

/** `(a, b), (c, d)` is read as `SELECT __row(a, b), __row(c, d)`: whole expressions, by the same parser. */
function readRows(cursor: Cursor): (readonly Expr[])[] {
  const [select, call] = tokenize("SELECT insert_row");
  const tokens: Token[] = select === undefined ? [] : [select];
  let depth = 0;
  for (const token of cursor.tokens.slice(cursor.at)) {
    if (token.text === "(" && token.kind === "symbol") {
      if (depth === 0 && call !== undefined) tokens.push(call);
      depth += 1;
    } else if (token.text === ")" && token.kind === "symbol") depth -= 1;
    else if (depth === 0 && token.kind !== "end" && token.text !== ",")
      throw new SqlError("invalidQuery", `Syntax error: Unexpected "${token.text}" after VALUES`);
    tokens.push(token);
  }
  const canonical = canonicalize(new Cursor(cursor.sql, tokens));
  const { body } = readQuery(parseQuery(canonical), new SlotReader(canonical.slots));
  const items = "kind" in body && body.kind === "select" ? body.items : [];
  return items.map((item) => {
    if (
      item.kind !== "expr" ||
      item.expr.kind !== "call" ||
      item.expr.name !== "INSERT_ROW" ||
      item.alias !== undefined
    ) {
      throw new SqlError("invalidQuery", "Syntax error: Expected a row of values");
    }
    return item.expr.args;
  });
}

function checkCount(found: number, fields: readonly Field[]): void {
  if (found === fields.length) return;
  throw new SqlError("invalidQuery", `Inserted row has wrong column count; Has ${found}, expected ${fields.length}`);
}

function assigned(value: Value, field: Field | undefined, index: number): string {
  if (field === undefined) throw new Error(`no column ${index}`);
  const type = fieldSqlType(field);
  const coerced = coerce(value, type);
  if (coerced === undefined) {
    throw new SqlError(
      "invalidQuery",
      `Value has type ${typeText(value.type)} which cannot be inserted into column ${field.name}, which has type ${typeText(type)}`,
    );
  }
  if (field.mode !== "REQUIRED") return field.mode === "REPEATED" ? `coalesce(${coerced.sql}, [])` : coerced.sql;
  const message = quoteText(`Required field ${field.name} cannot be null`);
  return `coalesce(${coerced.sql}, ${errorSql(message, type)})`;
}
