import { partitionFieldOf, type Table } from "../../schema/table.ts";
import type { Field } from "../../schema/field.ts";
import type { Context, Source } from "../context.ts";
import type { Session } from "../session.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import { timestampSql } from "../types/literal.ts";
import { duckType, fieldSqlType, INT64, type SqlType, STRING, TIMESTAMP, typeText } from "../types/sql-type.ts";
import { quoteName, quoteText } from "../../schema/duck-text.ts";

const SCHEMA = "INFORMATION_SCHEMA";

/** One column of a view of INFORMATION_SCHEMA: how its value follows from what the row is about. */
interface MetaColumn<About> {
  readonly name: string;
  readonly type: SqlType;
  readonly sql: (about: About) => string;
}

interface TableColumn {
  readonly table: Table;
  readonly field: Field;
  readonly position: number;
}

const text = <About>(name: string, value: (about: About) => string): MetaColumn<About> => ({
  name,
  type: STRING,
  sql: (about) => quoteText(value(about)),
});

const TABLE_NAMES: readonly MetaColumn<Table>[] = [
  text("table_catalog", (table) => table.ref.projectId),
  text("table_schema", (table) => table.ref.datasetId),
  text("table_name", (table) => table.ref.tableId),
];

/** Source: https://cloud.google.com/bigquery/docs/information-schema-tables */
const TABLES: readonly MetaColumn<Table>[] = [
  ...TABLE_NAMES,
  text("table_type", (table) => (table.kind === "VIEW" ? "VIEW" : "BASE TABLE")),
  text("is_insertable_into", (table) => yesNo(table.kind === "TABLE")),
  text("is_typed", () => "NO"),
  { name: "creation_time", type: TIMESTAMP, sql: (table) => timestampSql(BigInt(Math.trunc(table.createdMs)) * 1000n) },
];

/** Source: https://cloud.google.com/bigquery/docs/information-schema-columns */
const COLUMNS: readonly MetaColumn<TableColumn>[] = [
  ...TABLE_NAMES.map((column) => ({ ...column, sql: ({ table }: TableColumn) => column.sql(table) })),
  text("column_name", ({ field }) => field.name),
  { name: "ordinal_position", type: INT64, sql: ({ position }) => String(position) },
  text("is_nullable", ({ field }) => yesNo(field.mode === "NULLABLE")),
  text("data_type", ({ field }) => typeText(fieldSqlType(field))),
  text("is_hidden", () => "NO"),
  text("is_system_defined", () => "NO"),
  text("is_partitioning_column", ({ table, field }) => yesNo(partitionFieldOf(table)?.name === field.name)),
];

/** Whether a table's path leads into INFORMATION_SCHEMA. */
export function isInformationSchema(path: readonly string[]): boolean {
  return path.some((part) => part.toUpperCase() === SCHEMA);
}

/**
 * `[project.]dataset.INFORMATION_SCHEMA.TABLES` and `.COLUMNS`, as rows made from the catalog as it is now. Columns that
 * only the service could fill are not there: naming one is an error.
 */
export function informationSchema(path: readonly string[], { session }: Context): Source {
  const [view = "", schema = "", datasetId, projectId = session.input.projectId, ...rest] = path.toReversed();
  if (schema.toUpperCase() !== SCHEMA || datasetId === undefined || rest.length > 0)
    throw unsupported("table", path.join("."));
  const tables = tablesOf(projectId, datasetId, session);
  if (view.toUpperCase() === "TABLES") return source(TABLES, tables);
  if (view.toUpperCase() === "COLUMNS") return source(COLUMNS, tables.flatMap(columnsOf));
  throw unsupported("table", path.join("."));
}

function tablesOf(projectId: string, datasetId: string, session: Session): readonly Table[] {
  const { catalog } = session.input;
  if (catalog.hasDataset(projectId, datasetId)) return catalog.tables(projectId, datasetId);
  throw new SqlError("notFound", `Not found: Dataset ${projectId}:${datasetId} was not found in location US`);
}

function columnsOf(table: Table): TableColumn[] {
  return table.fields.map((field, index) => ({ table, field, position: index + 1 }));
}

function source<About>(columns: readonly MetaColumn<About>[], rows: readonly About[]): Source {
  const empty = columns.map(({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${quoteName(name)}`);
  const selects = rows.map((about) => `SELECT ${columns.map((column) => column.sql(about)).join(", ")}`);
  return {
    // The first branch, which has no rows, gives the columns their names and types.
    sql: [`SELECT ${empty.join(", ")} WHERE FALSE`, ...selects].join(" UNION ALL "),
    columns: columns.map(({ name, type }) => ({ name, type, sql: quoteName(name) })),
    needs: [],
  };
}

function yesNo(answer: boolean): string {
  return answer ? "YES" : "NO";
}
