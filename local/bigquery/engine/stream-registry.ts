import { randomBytes } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Table, TableRef } from "../schema/table.ts";
import { PROGRESS_TABLE } from "./append-group.ts";
import { readObjects } from "./database.ts";
import type { WriteStream } from "./write-stream.ts";
import { quoteText } from "../schema/duck-text.ts";

const STREAMS = "bq_streams";

/**
 * Write streams: a map in memory, kept equal to two tables of the database, `bq_streams` (name, table, finalized) and
 * the progress log (row counts). Changes happen inside the writer queue only.
 */
export class StreamRegistry {
  readonly #streams = new Map<string, WriteStream>();
  #nextId = 1;

  static async load(connection: DuckDBConnection): Promise<StreamRegistry> {
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${STREAMS} (id BIGINT NOT NULL, name VARCHAR NOT NULL, project VARCHAR NOT NULL,
         dataset VARCHAR NOT NULL, tbl VARCHAR NOT NULL, storage VARCHAR NOT NULL, created_ms BIGINT NOT NULL,
         finalized BOOLEAN NOT NULL)`,
    );
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${PROGRESS_TABLE} (stream_id BIGINT NOT NULL, rows BIGINT NOT NULL)`,
    );
    const registry = new StreamRegistry();
    const rows = await readObjects(
      connection,
      `SELECT s.*, coalesce(p.rows, 0) AS rows FROM ${STREAMS} s
         LEFT JOIN (SELECT stream_id, max(rows) AS rows FROM ${PROGRESS_TABLE} GROUP BY stream_id) p ON s.id = p.stream_id`,
    );
    for (const row of rows) registry.apply(streamOf(row));
    return registry;
  }

  get size(): number {
    return this.#streams.size;
  }

  find(name: string): WriteStream | undefined {
    return this.#streams.get(name);
  }

  /** A new stream of `table`, not known to anybody before {@link persist} and {@link apply}. */
  draft(table: Table, nowMs: number): WriteStream {
    return {
      id: this.#nextId++,
      name: `${tablePath(table.ref)}/streams/${randomBytes(16).toString("base64url")}`,
      table: table.ref,
      storageName: table.storageName,
      createdMs: nowMs,
      rows: 0,
      finalized: false,
    };
  }

  async persist(connection: DuckDBConnection, stream: WriteStream): Promise<void> {
    const { projectId, datasetId, tableId } = stream.table;
    const texts = [stream.name, projectId, datasetId, tableId, stream.storageName].map(quoteText).join(", ");
    await connection.run(`INSERT INTO ${STREAMS} VALUES (${stream.id}, ${texts}, ${stream.createdMs}, false)`);
  }

  apply(stream: WriteStream): void {
    this.#streams.set(stream.name, stream);
    this.#nextId = Math.max(this.#nextId, stream.id + 1);
  }

  async persistFinalized(connection: DuckDBConnection, stream: WriteStream): Promise<void> {
    await connection.run(`UPDATE ${STREAMS} SET finalized = true WHERE id = ${stream.id}`);
  }

  /** The streams that `which` chooses, e.g. those of a deleted table. */
  select(which: (stream: WriteStream) => boolean): readonly WriteStream[] {
    return [...this.#streams.values()].filter(which);
  }

  async persistRemoval(connection: DuckDBConnection, streams: readonly WriteStream[]): Promise<void> {
    if (streams.length === 0) return;
    const ids = streams.map((stream) => stream.id).join(", ");
    await connection.run(`DELETE FROM ${STREAMS} WHERE id IN (${ids})`);
    await connection.run(`DELETE FROM ${PROGRESS_TABLE} WHERE stream_id IN (${ids})`);
  }

  applyRemoval(streams: readonly WriteStream[]): void {
    for (const stream of streams) this.#streams.delete(stream.name);
  }

  /** Replaces the progress log by one row a stream. */
  async compactProgress(connection: DuckDBConnection): Promise<void> {
    await connection.run(`DELETE FROM ${PROGRESS_TABLE}`);
    const values = [...this.#streams.values()].filter((s) => s.rows > 0).map((s) => `(${s.id}, ${s.rows})`);
    if (values.length > 0) await connection.run(`INSERT INTO ${PROGRESS_TABLE} VALUES ${values.join(", ")}`);
  }
}

/** `projects/P/datasets/D/tables/T`, as the Storage Write API names a table. */
export function tablePath(ref: TableRef): string {
  return `projects/${ref.projectId}/datasets/${ref.datasetId}/tables/${ref.tableId}`;
}

function streamOf(row: Record<string, unknown>): WriteStream {
  return {
    id: Number(row.id),
    name: String(row.name),
    table: { projectId: String(row.project), datasetId: String(row.dataset), tableId: String(row.tbl) },
    storageName: String(row.storage),
    createdMs: Number(row.created_ms),
    rows: Number(row.rows),
    finalized: row.finalized === true,
  };
}
