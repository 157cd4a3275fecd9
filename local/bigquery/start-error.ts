import { StartError } from "#runtime";

/** Says why a data directory cannot be used; an error that is about something else is given back as it is. */
export function dataDirError(dataDir: string, thrown: unknown): unknown {
  const problem = dataDirProblem(thrown);
  return problem === undefined ? thrown : new StartError(`--data-dir ${dataDir}: ${problem}`, { cause: thrown });
}

function dataDirProblem(thrown: unknown): string | undefined {
  const { code = "", message = "" } = (thrown ?? {}) as { code?: string; message?: string };
  const holder = /Conflicting lock is held in .*?\(PID (\d+)\)/.exec(message)?.[1];
  if (holder !== undefined) return `process ${holder} uses it; stop that process, or choose another directory`;
  if (/this process has it open/.test(message)) return "this process uses it already; choose another directory";
  if (/Could not set lock/.test(message))
    return "another process uses it; stop that process, or choose another directory";
  if (/not a valid DuckDB database|newer version of DuckDB|older version of DuckDB/.test(message))
    return "its bigquery.duckdb was not written by this version; move it away, or choose another directory";
  return FILE_PROBLEMS[code];
}

const NOT_WRITABLE = "no permission to write there; change its owner, or choose another directory";
const NO_DIRECTORY = "a directory cannot be made there; choose another one";

/** By the code of the failed system call. */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOTDIR: "it is a file, or below one; choose a directory",
  EEXIST: "it is a file, or below one; choose a directory",
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  EROFS: "it is on a read-only file system; choose another directory",
  ENOSPC: "there is no space left on its disk",
  ENOENT: NO_DIRECTORY,
};
