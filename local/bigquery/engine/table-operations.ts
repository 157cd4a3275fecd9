import { randomBytes } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Field } from "../schema/field.ts";
import { type Dataset, type DatasetRef, type Table, tableName, type TableRef } from "../schema/table.ts";
import { persistDataset, persistDatasetRemoval, persistTable, persistTableRemoval } from "./catalog.ts";
import { columnDefinition, columnType } from "./duck-type.ts";
import type { Store } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { quoteName } from "../schema/duck-text.ts";

/** What a caller decides about a new table or view; the store adds storage and times. */
export type TableDraft = Omit<Table, "storageName" | "createdMs" | "modifiedMs">;

export async function createDataset(store: Store, ref: DatasetRef, metadata: Dataset["metadata"]): Promise<Dataset> {
  const now = store.clock.nowMs();
  const dataset: Dataset = { ref, metadata, createdMs: now, modifiedMs: now };
  return store.writer.exclusive(
    async (connection) => {
      if (store.catalog.dataset(ref)) throw already("Dataset", `${ref.projectId}:${ref.datasetId}`);
      await persistDataset(connection, dataset);
      return dataset;
    },
    (created) => store.catalog.applyDataset(created),
  );
}

export async function updateDataset(store: Store, ref: DatasetRef, metadata: Dataset["metadata"]): Promise<Dataset> {
  return store.writer.exclusive(
    async (connection) => {
      const updated: Dataset = { ...existingDataset(store, ref), metadata, modifiedMs: store.clock.nowMs() };
      await persistDataset(connection, updated);
      return updated;
    },
    (updated) => store.catalog.applyDataset(updated),
  );
}

/** Deletes a dataset; one that holds tables only if `deleteContents`. */
export async function deleteDataset(store: Store, ref: DatasetRef, deleteContents: boolean): Promise<void> {
  await store.writer.exclusive(
    async (connection) => {
      existingDataset(store, ref);
      const tables = store.catalog.tables(ref.projectId, ref.datasetId);
      if (tables.length > 0 && !deleteContents) {
        throw new StoreError("resourceInUse", `Dataset ${ref.projectId}:${ref.datasetId} is still in use`);
      }
      for (const table of tables) await dropStorage(store, connection, table);
      await persistDatasetRemoval(connection, ref);
      return tables;
    },
    (tables) => {
      for (const table of tables) forgetTable(store, table);
      store.catalog.applyDatasetRemoval(ref);
    },
  );
}

/** Creates a table or view. With `replace` an existing view (never a table) of that name gives way. */
export async function createTable(store: Store, draft: TableDraft, replace = false): Promise<Table> {
  const now = store.clock.nowMs();
  const storageName = `t_${randomBytes(8).toString("hex")}`;
  const table: Table = { ...draft, storageName, createdMs: now, modifiedMs: now };
  return store.writer.exclusive(
    async (connection) => {
      existingDataset(store, draft.ref);
      const old = store.catalog.table(draft.ref);
      if (old && !(replace && old.kind === "VIEW" && draft.kind === "VIEW")) throw already("Table", label(draft.ref));
      if (table.kind === "TABLE") await connection.run(createStatement(table));
      await persistTable(connection, table);
      return table;
    },
    (created) => store.catalog.applyTable(created),
  );
}

/**
 * Replaces a table's definition by what `change` makes of the current one; new columns are added to the storage.
 * `change` runs inside the writer queue, so two updates cannot lose each other's columns.
 */
export async function updateTable(store: Store, ref: TableRef, change: (current: Table) => Table): Promise<Table> {
  return store.writer.exclusive(
    async (connection) => {
      const current = existingTable(store, ref);
      const updated: Table = { ...change(current), modifiedMs: store.clock.nowMs() };
      const added = updated.kind === "TABLE" ? updated.fields.slice(current.fields.length) : [];
      for (const field of added) await addColumn(connection, updated, field);
      await persistTable(connection, updated);
      return updated;
    },
    (updated) => store.catalog.applyTable(updated),
  );
}

/** Deletes a table with its rows and write streams, or a view. */
export async function deleteTable(store: Store, ref: TableRef): Promise<void> {
  await store.writer.exclusive(
    async (connection) => {
      const table = existingTable(store, ref);
      await dropStorage(store, connection, table);
      return table;
    },
    (table) => forgetTable(store, table),
  );
}

export function existingTable(store: Store, ref: TableRef): Table {
  const table = store.catalog.table(ref);
  if (!table) throw new StoreError("notFound", `Not found: Table ${label(ref)}`);
  return table;
}

export function existingDataset(store: Store, ref: DatasetRef): Dataset {
  const dataset = store.catalog.dataset(ref);
  if (!dataset) throw new StoreError("notFound", `Not found: Dataset ${ref.projectId}:${ref.datasetId}`);
  return dataset;
}

function label(ref: TableRef): string {
  return `${ref.projectId}:${ref.datasetId}.${ref.tableId}`;
}

function already(what: string, name: string): StoreError {
  return new StoreError("duplicate", `Already Exists: ${what} ${name}`);
}

function createStatement(table: Table): string {
  if (table.fields.length === 0) throw new StoreError("invalid", `Table ${tableName(table.ref)} must have a schema`);
  return `CREATE TABLE ${quoteName(table.storageName)} (${table.fields.map(columnDefinition).join(", ")})`;
}

/** In a transaction DuckDB cannot add a column together with a default that is no constant, hence the steps. */
async function addColumn(connection: DuckDBConnection, table: Table, field: Field): Promise<void> {
  const [storage, column] = [quoteName(table.storageName), quoteName(field.name)];
  await connection.run(`ALTER TABLE ${storage} ADD COLUMN ${column} ${columnType(field)}`);
  if (field.mode !== "REPEATED") return;
  await connection.run(`UPDATE ${storage} SET ${column} = []`);
  await connection.run(`ALTER TABLE ${storage} ALTER COLUMN ${column} SET DEFAULT []`);
}

async function dropStorage(store: Store, connection: DuckDBConnection, table: Table): Promise<void> {
  if (table.kind === "TABLE") await connection.run(`DROP TABLE ${quoteName(table.storageName)}`);
  await store.streams.persistRemoval(connection, streamsOf(store, table));
  await persistTableRemoval(connection, table.ref);
}

function forgetTable(store: Store, table: Table): void {
  store.streams.applyRemoval(streamsOf(store, table));
  store.catalog.applyTableRemoval(table.ref);
}

function streamsOf(store: Store, table: Table): ReturnType<Store["streams"]["select"]> {
  return store.streams.select((stream) => stream.storageName === table.storageName);
}
