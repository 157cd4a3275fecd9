import { type Table, tableName, type TableRef } from "../../schema/table.ts";
import type { Context, Source } from "../context.ts";
import { type Column, type PartitionNeed, Scope } from "../scope.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { Session } from "../session.ts";
import { parseStatementQuery } from "../source/statement-query.ts";
import { fieldSqlType, sameName } from "../types/sql-type.ts";
import { livePartitions } from "./expiration.ts";
import type { From } from "./from.ts";
import { informationSchema, isInformationSchema } from "./information-schema.ts";
import { analyzeQuery } from "./query.ts";
import { quoteName } from "../../schema/duck-text.ts";

const MAX_VIEW_DEPTH = 16;

/** A table, view or WITH subquery by its path. */
export function tableRelation(path: readonly string[], alias: string | undefined, context: Context): From {
  const cte = path.length === 1 ? context.ctes.findLast((candidate) => sameName(candidate.name, path[0])) : undefined;
  const name = alias ?? path.at(-1) ?? "";
  if (cte !== undefined) return subqueryRelation(cte.source, name, context, cte.source.sql);
  if (isInformationSchema(path)) return subqueryRelation(informationSchema(path, context), name, context);
  const table = findTable(path, context.session);
  if (!context.session.tables.some((ref) => tableName(ref) === tableName(table.ref)))
    context.session.tables.push(table.ref);
  return table.kind === "VIEW"
    ? subqueryRelation(viewSource(table, context), name, context)
    : scan(table, name, context);
}

/** A derived table: a subquery, view or WITH subquery. */
export function subqueryRelation(
  source: Source,
  alias: string | undefined,
  context: Context,
  sql = `(${source.sql})`,
): From {
  const relation = quoteName(context.session.fresh("r"));
  const columns = source.columns.map((column) => ({ ...column, sql: `${relation}.${column.sql}` }));
  const named = alias === undefined ? {} : { alias };
  return {
    sql: `${sql} AS ${relation}`,
    relations: [{ columns, ...named }],
    merged: [],
    star: columns,
    needs: source.needs,
  };
}

/** A stored table, without partitions that have expired. */
function scan(table: Table, alias: string, context: Context): From {
  const relation = quoteName(context.session.fresh("r"));
  const need: PartitionNeed | undefined =
    table.requirePartitionFilter && table.partitioning
      ? { table: tableName(table.ref), field: table.partitioning.field }
      : undefined;
  const columns: Column[] = table.fields.map((field) => ({
    name: field.name,
    sql: `${relation}.${quoteName(field.name)}`,
    type: fieldSqlType(field),
    ...(need && sameName(need.field, field.name) && { partition: need }),
  }));
  const live = livePartitions(table, context.session.input.nowMicros);
  const stored = quoteName(table.storageName);
  const sql = live === undefined ? stored : `(SELECT * FROM ${stored} WHERE ${live})`;
  return {
    sql: `${sql} AS ${relation}`,
    relations: [{ alias, columns }],
    merged: [],
    star: columns,
    needs: need ? [need] : [],
  };
}

/** The query of a view, translated where it is used. */
function viewSource(view: Table, context: Context): Source {
  const name = tableName(view.ref);
  const { views } = context.session;
  if (views.includes(name)) throw new SqlError("invalidQuery", `View ${name} refers to itself`);
  if (views.length >= MAX_VIEW_DEPTH)
    throw new SqlError("invalidQuery", `Views are nested deeper than ${MAX_VIEW_DEPTH} levels at ${name}`);
  const session = context.session.forView(name, view.ref);
  const source = inView(name, () => {
    const query = parseStatementQuery(view.viewQuery ?? "");
    return analyzeQuery(query, { session, scope: new Scope([]), ctes: [], windows: new Map() });
  });
  return {
    ...source,
    columns: source.columns.map((column, index) => ({
      ...column,
      name: column.name ?? view.fields[index]?.name ?? "",
    })),
  };
}

/** What is wrong in a view's query is told with the view's name: the statement that reads it may be right. */
function inView<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SqlError) throw new SqlError(error.reason, `${error.message} (in view ${name})`);
    throw error;
  }
}

/** The catalog's entry for a path. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#table_names */
export function findTable(path: readonly string[], session: Session): Table {
  const ref = tableRef(path, session);
  const { catalog } = session.input;
  if (!catalog.hasDataset(ref.projectId, ref.datasetId)) {
    throw new SqlError("notFound", `Not found: Dataset ${ref.projectId}:${ref.datasetId} was not found in location US`);
  }
  const table = catalog.table(ref);
  if (table === undefined) {
    throw new SqlError(
      "notFound",
      `Not found: Table ${ref.projectId}:${ref.datasetId}.${ref.tableId} was not found in location US`,
    );
  }
  return table;
}

export function tableRef(path: readonly string[], session: Session): TableRef {
  const { projectId, defaultDatasetId } = session.input;
  if (isInformationSchema(path)) throw unsupported("table", path.join("."));
  if (path.some((part) => part.includes("*"))) throw unsupported("wildcard table", path.join("."));
  if (path.length > 3) throw unsupported("table path", path.join("."));
  const tableId = path.at(-1) ?? "";
  const datasetId = path.at(-2) ?? defaultDatasetId;
  if (datasetId === undefined) {
    throw new SqlError("invalidQuery", `Table "${tableId}" must be qualified with a dataset (e.g. dataset.table).`);
  }
  return { projectId: path.at(-3) ?? projectId, datasetId, tableId };
}
