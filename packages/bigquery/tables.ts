import type { TableMetadata } from "@google-cloud/bigquery";
import type { BigQueryTable } from "#events";
import type { BigQueryClients } from "./client.ts";
import { bigQueryErrors } from "./errors.ts";
import { restError } from "./rest-error.ts";
import { tableDifferences, type FoundTable } from "./table-difference.ts";
import type { TableId } from "./table-id.ts";
import type { ViewDefinition } from "./views.ts";

interface Located {
  readonly location?: string | undefined;
}

/**
 * Makes the dataset if it is not there: in `location`, or without one where BigQuery makes it by default. True if it
 * was made. A dataset never moves, so the one that is there has to be in `location` already.
 *
 * Like everything here it throws BIGQUERY_UNAVAILABLE where another attempt may help, else BIGQUERY_REFUSED.
 *
 * @throws BIGQUERY_DATASET_MISMATCH if it is in another one.
 */
export async function ensureDataset(
  { project, rest }: BigQueryClients,
  dataset: string,
  location?: string,
): Promise<boolean> {
  // Looked at first: whoever may write into a dataset that is there need not have the right to make one.
  const look = (): Promise<unknown> => rest.dataset(dataset).getMetadata();
  const found = await ifThere<[Located]>(look);
  const wanted = location === undefined ? {} : { location };
  if (found === undefined && (await made(() => rest.createDataset(dataset, wanted)))) return true;
  if (location === undefined) return false;
  // Asked again only if somebody else has made it meanwhile.
  const [{ location: actual = location }] = found ?? ((await called(look)) as [Located]);
  if (actual.toLowerCase() === location.toLowerCase()) return false;
  throw bigQueryErrors.create(
    "BIGQUERY_DATASET_MISMATCH",
    `dataset ${project}.${dataset} is in ${actual}, not in ${location}: a dataset cannot be moved`,
  );
}

/** Makes the table if it is not there; an existing one is left as it is. True if it was made. */
export async function ensureTable({ rest }: BigQueryClients, id: TableId, table: BigQueryTable): Promise<boolean> {
  const metadata = structuredClone(table) as unknown as TableMetadata;
  return made(() => rest.dataset(id.dataset).createTable(id.table, metadata));
}

/** Makes the view, or gives an existing one the query and descriptions that it must have. True if it was made. */
export async function ensureView({ rest }: BigQueryClients, dataset: string, view: ViewDefinition): Promise<boolean> {
  const definition = { description: view.description, view: { query: view.query, useLegacySql: false } };
  const isNew = await made(() => rest.dataset(dataset).createTable(view.name, definition));
  const table = rest.dataset(dataset).table(view.name);
  if (!isNew) await called(() => table.setMetadata(definition));
  // The columns come from the query, so that they can be described only now.
  const [{ schema }] = (await called(() => table.getMetadata())) as unknown as [FoundTable];
  const fields = (schema?.fields ?? []).map((field) => ({
    ...field,
    description: view.columnDescriptions[field.name ?? ""] ?? "",
  }));
  await called(() => table.setMetadata({ schema: { fields } }));
  return isNew;
}

/**
 * Compares the table with what is needed.
 *
 * @throws BIGQUERY_TABLE_MISMATCH, naming every difference.
 */
export async function checkTable({ rest }: BigQueryClients, id: TableId, wanted: BigQueryTable): Promise<void> {
  const found = await ifThere<[FoundTable]>(() => rest.dataset(id.dataset).table(id.table).getMetadata());
  const differences = found ? tableDifferences(wanted, found[0]) : ["it does not exist (--create-tables makes it)"];
  if (differences.length === 0) return;
  const lines = differences.map((line) => `\n  - ${line}`).join("");
  throw bigQueryErrors.create(
    "BIGQUERY_TABLE_MISMATCH",
    `table ${id.project}.${id.dataset}.${id.table} is not as it must be:${lines}`,
    { details: { differences } },
  );
}

/** What is known of a thing, as the client types it only loosely; `undefined` if it is not there. */
async function ifThere<T>(look: () => Promise<unknown>): Promise<T | undefined> {
  try {
    return (await look()) as T;
  } catch (error) {
    if (httpCode(error) === 404) return undefined;
    throw restError(error);
  }
}

async function made(make: () => Promise<unknown>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (error) {
    if (httpCode(error) === 409) return false;
    throw restError(error);
  }
}

async function called<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw restError(error);
  }
}

function httpCode(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
