import type { Field } from "../schema/field.ts";
import type { Table, TableRef } from "../schema/table.ts";
import type { TableDraft } from "../engine/table-operations.ts";
import { invalid, notImplemented } from "./api-error.ts";
import { withoutNulls } from "./dataset-resource.ts";
import { asObject, type JsonObject, optionalObject, optionalString, refuseOthers, requiredString } from "./input.ts";
import { checkClustering, readPartitionFilter, readPartitioning } from "./partitioning-input.ts";
import { readSchema } from "./schema-input.ts";

/** Finds out the columns of a view's query; throws `SqlError` if it is none. */
export type ViewFields = (query: string) => readonly Field[];

const OUTPUT_ONLY = [
  ...["kind", "etag", "id", "selfLink", "creationTime", "lastModifiedTime", "type", "location", "numRows", "numBytes"],
  ...[
    "numLongTermBytes",
    "numTimeTravelPhysicalBytes",
    "numTotalLogicalBytes",
    "numActiveLogicalBytes",
    "streamingBuffer",
  ],
];
/** Kept as sent and sent back, without an effect here; the last three are checked, see {@link tableDraft}. */
const KEPT = [
  "friendlyName",
  "description",
  "labels",
  "resourceTags",
  "clustering",
  "timePartitioning",
  "requirePartitionFilter",
];
const ALLOWED = new Set([...OUTPUT_ONLY, ...KEPT, "tableReference", "schema", "view", "defaultRoundingMode"]);

/**
 * A Table resource as the catalog keeps it. What would change results or delete data and is not enforced here
 * (expirationTime, range partitioning, external data, …) is refused by name.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table
 */
export function tableDraft(ref: TableRef, body: JsonObject, viewFields: ViewFields, previous?: Table): TableDraft {
  refuseOthers(body, ALLOWED, "table");
  const rounding = body.defaultRoundingMode ?? "ROUND_HALF_AWAY_FROM_ZERO";
  if (rounding !== "ROUND_HALF_AWAY_FROM_ZERO") throw notImplemented("table.defaultRoundingMode");
  optionalObject(body.labels, "labels");
  for (const name of ["description", "friendlyName"]) optionalString(body[name], name);
  const metadata = withoutNulls(Object.fromEntries(KEPT.map((name) => [name, body[name]])));
  const view = optionalObject(body.view, "view");
  return view ? viewDraft(ref, body, view, metadata, viewFields, previous) : storedDraft(ref, body, metadata);
}

function storedDraft(ref: TableRef, body: JsonObject, metadata: JsonObject): TableDraft {
  const fields = readSchema(asObject(body.schema, "schema"));
  if (fields.length === 0) throw notImplemented("tables without columns");
  const partitioning = optionalObject(body.timePartitioning, "timePartitioning");
  const clustering = optionalObject(body.clustering, "clustering");
  if (clustering) checkClustering(clustering, fields);
  return {
    ref,
    kind: "TABLE",
    fields,
    ...(partitioning ? { partitioning: readPartitioning(partitioning, fields) } : {}),
    requirePartitionFilter: readPartitionFilter(body, partitioning),
    metadata,
  };
}

/** The API's default for `useLegacySql` is true, so leaving it out is a request for legacy SQL. */
function viewDraft(
  ref: TableRef,
  body: JsonObject,
  view: JsonObject,
  metadata: JsonObject,
  viewFields: ViewFields,
  previous?: Table,
): TableDraft {
  refuseOthers(view, new Set(["query", "useLegacySql", "useExplicitColumnNames"]), "view");
  if (view.useLegacySql !== false) throw notImplemented("legacy SQL (set view.useLegacySql to false)");
  if (metadata.timePartitioning ?? metadata.clustering)
    throw invalid("A view cannot be partitioned or clustered", "view");
  const viewQuery = requiredString(view.query, "view.query");
  const given = optionalObject(body.schema, "schema");
  const described = [...(previous?.fields ?? []), ...(given ? readSchema(given) : [])];
  const fields = viewFields(viewQuery).map((field) => describe(field, described));
  if (given) refuseOtherColumns(readSchema(given), fields);
  return { ref, kind: "VIEW", fields, requirePartitionFilter: false, viewQuery, metadata };
}

/** A view's schema comes from its query; what a client may add are descriptions. The last one given holds. */
function describe(field: Field, described: readonly Field[]): Field {
  const description = described.findLast((other) => sameName(other, field))?.description;
  return description === undefined ? field : { ...field, description };
}

function refuseOtherColumns(given: readonly Field[], fields: readonly Field[]): void {
  const stranger = given.find((field) => !fields.some((other) => sameName(field, other)));
  if (stranger) throw invalid(`The view's query has no column ${stranger.name}: its schema cannot be given`, "schema");
}

function sameName(a: Field, b: Field): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase();
}
