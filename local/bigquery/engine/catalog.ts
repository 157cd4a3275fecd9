import type { DuckDBConnection } from "@duckdb/node-api";
import { type Dataset, type DatasetRef, type Table, tableName, type TableRef } from "../schema/table.ts";
import type { SqlCatalog } from "../sql/statement.ts";
import { jsonLiteral, readObjects } from "./database.ts";
import { quoteText } from "../schema/duck-text.ts";

const DATASETS = "bq_datasets";
const TABLES = "bq_tables";

/**
 * Datasets, tables and views: a map in memory, kept equal to two tables of the database.
 *
 * Reads answer from memory. Changes are made in two steps, because a change must be in memory exactly if it is on disk:
 * `persist…` inside a transaction of the writer queue, and the matching `apply…` after that transaction committed.
 */
export class Catalog implements SqlCatalog {
  readonly #datasets = new Map<string, Dataset>();
  /** By dataset, then by table: listing a dataset must not look at the others. */
  readonly #tables = new Map<string, Map<string, Table>>();

  static async load(connection: DuckDBConnection): Promise<Catalog> {
    for (const name of [DATASETS, TABLES]) {
      await connection.run(`CREATE TABLE IF NOT EXISTS ${name} (name VARCHAR NOT NULL, body VARCHAR NOT NULL)`);
    }
    const catalog = new Catalog();
    for (const body of await bodies(connection, DATASETS)) catalog.applyDataset(JSON.parse(body) as Dataset);
    for (const body of await bodies(connection, TABLES)) catalog.applyTable(JSON.parse(body) as Table);
    return catalog;
  }

  dataset(ref: DatasetRef): Dataset | undefined {
    return this.#datasets.get(datasetKey(ref));
  }

  hasDataset(projectId: string, datasetId: string): boolean {
    return this.#datasets.has(datasetKey({ projectId, datasetId }));
  }

  datasets(projectId: string): readonly Dataset[] {
    return [...this.#datasets.values()].filter((dataset) => dataset.ref.projectId === projectId);
  }

  table(ref: TableRef): Table | undefined {
    return this.#tables.get(datasetKey(ref))?.get(ref.tableId);
  }

  tables(projectId: string, datasetId: string): readonly Table[] {
    return [...(this.#tables.get(datasetKey({ projectId, datasetId }))?.values() ?? [])];
  }

  allTables(): readonly Table[] {
    return [...this.#tables.values()].flatMap((tables) => [...tables.values()]);
  }

  applyDataset(dataset: Dataset): void {
    this.#datasets.set(datasetKey(dataset.ref), dataset);
    if (!this.#tables.has(datasetKey(dataset.ref))) this.#tables.set(datasetKey(dataset.ref), new Map());
  }

  applyDatasetRemoval(ref: DatasetRef): void {
    this.#datasets.delete(datasetKey(ref));
    this.#tables.delete(datasetKey(ref));
  }

  applyTable(table: Table): void {
    this.#tables.get(datasetKey(table.ref))?.set(table.ref.tableId, table);
  }

  applyTableRemoval(ref: TableRef): void {
    this.#tables.get(datasetKey(ref))?.delete(ref.tableId);
  }
}

export async function persistDataset(connection: DuckDBConnection, dataset: Dataset): Promise<void> {
  await replaceRow(connection, DATASETS, datasetKey(dataset.ref), dataset);
}

export async function persistDatasetRemoval(connection: DuckDBConnection, ref: DatasetRef): Promise<void> {
  await deleteRow(connection, DATASETS, datasetKey(ref));
}

export async function persistTable(connection: DuckDBConnection, table: Table): Promise<void> {
  await replaceRow(connection, TABLES, tableName(table.ref), table);
}

export async function persistTableRemoval(connection: DuckDBConnection, ref: TableRef): Promise<void> {
  await deleteRow(connection, TABLES, tableName(ref));
}

function datasetKey(ref: DatasetRef): string {
  return `${ref.projectId}.${ref.datasetId}`;
}

async function bodies(connection: DuckDBConnection, from: string): Promise<string[]> {
  return (await readObjects(connection, `SELECT body FROM ${from}`)).map((row) => String(row.body));
}

async function replaceRow(connection: DuckDBConnection, into: string, name: string, body: unknown): Promise<void> {
  await deleteRow(connection, into, name);
  await connection.run(`INSERT INTO ${into} VALUES (${quoteText(name)}, ${jsonLiteral(body)})`);
}

async function deleteRow(connection: DuckDBConnection, from: string, name: string): Promise<void> {
  await connection.run(`DELETE FROM ${from} WHERE name = ${quoteText(name)}`);
}
