import { readFileSync } from "node:fs";
import type { bigQueryNames } from "#events";

/** A view that reads the events, or the unique ones. */
export type ViewName = (typeof bigQueryNames)["latest" | "anomalies" | "deliveryAudit"];

const VIEWS = new URL("../../../packages/bigquery/views/", import.meta.url);
/** The one table that a view reads, as its file names it. */
const SOURCE = /`\$\{project\}\.\$\{dataset\}\.(\w+)`/g;

/**
 * What a view says, of the rows alone that `condition` on `event_time` lets through. Asked of the view itself, the same
 * condition would come after its groups and windows, and BigQuery would read, and bill, the whole table each time
 * (https://cloud.google.com/bigquery/docs/querying-partitioned-tables).
 *
 * @param named how SQL names a table of the project.
 */
export function viewOver(view: ViewName, condition: string, named: (table: string) => string): string {
  const sql = readFileSync(new URL(`${view}.sql`, VIEWS), "utf8")
    .replaceAll(/^--.*\n/gm, "")
    .trim();
  if (sql.match(SOURCE)?.length !== 1) throw new Error(`${view} should read one table, once`);
  return sql.replaceAll(SOURCE, (_, table: string) => `(SELECT * FROM ${named(table)} WHERE ${condition})`);
}
