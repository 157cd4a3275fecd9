import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { quoteText } from "../schema/duck-text.ts";
import { THREADS_SETTING } from "./query-threads.ts";

export interface DatabaseOptions {
  /** Directory of the database file and its temporary files; made if it is missing. */
  readonly dataDir: string;
  /** Bound on DuckDB's own memory; beyond it queries spill to `dataDir/tmp`. */
  readonly memoryLimitMib: number;
  /** Threads of a query. */
  readonly threads: number;
}

/**
 * Optimizations that trust a column's minimum and maximum as they were when the query was planned. With appends going on
 * beside it, a query was seen to meet values beyond them ("aggregate group 113 exceeded total groups 4"); the others
 * that build on the same numbers might answer wrongly instead of failing.
 */
const STATISTICS_OPTIMIZERS = "statistics_propagation,compressed_materialization";

const DATABASE_FILE = "bigquery.duckdb";

/** Files that this process has open: the lock on a file keeps out other processes only. */
const openFiles = new Set<string>();

/** The one database file, open. */
export interface Database {
  readonly instance: DuckDBInstance;
  /** Writes a checkpoint and lets go of the file. */
  close(): void;
}

/**
 * Opens the one database file. Only one can hold it: a second process fails here with DuckDB's message, which names the
 * process that has it. A WAL left by a killed process is replayed by DuckDB before this returns.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  makeDirectories(join(options.dataDir, "tmp"));
  const file = join(realpathSync(options.dataDir), DATABASE_FILE);
  if (openFiles.has(file)) throw new Error(`Could not set lock on file "${file}": this process has it open`);
  openFiles.add(file);
  const release = (): void => void openFiles.delete(file);
  try {
    const instance = await createInstance(file, options);
    const close = (): void => {
      instance.closeSync();
      release();
    };
    return { instance, close };
  } catch (error) {
    release();
    throw error;
  }
}

function createInstance(file: string, options: DatabaseOptions): Promise<DuckDBInstance> {
  return DuckDBInstance.create(file, {
    memory_limit: `${options.memoryLimitMib}MiB`,
    threads: String(options.threads),
    [THREADS_SETTING]: String(options.threads),
    temp_directory: join(options.dataDir, "tmp"),
    preserve_insertion_order: "false",
    disabled_optimizers: STATISTICS_OPTIMIZERS,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
}

/**
 * A new connection with the settings that results depend on. Settings live with a connection, not with the file, so
 * they are made at every opening.
 */
export async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone='UTC'");
  return connection;
}

/**
 * Forbids files, extensions and further settings, but for the one of {@link QueryThreads}: from here on SQL reaches this
 * database and nothing else.
 */
export async function lockDown(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET enable_external_access=false");
  await connection.run(`SET allowed_configs=['${THREADS_SETTING}']`);
  await connection.run("SET lock_configuration=true");
}

/** The rows of a small result as objects of JSON values. */
export async function readObjects(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

/** A JSON document as a DuckDB string literal. */
export function jsonLiteral(value: unknown): string {
  return quoteText(JSON.stringify(value).replaceAll("\u0000", "\\u0000"));
}

/** Makes a directory and what is missing above it. Node's own recursion never ends on file systems such as /proc. */
function makeDirectories(path: string): void {
  const absolute = resolve(path);
  if (existsSync(absolute)) return;
  if (dirname(absolute) !== absolute) makeDirectories(dirname(absolute));
  mkdirSync(absolute);
}
