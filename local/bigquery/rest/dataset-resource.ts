import { createHash } from "node:crypto";
import type { Dataset } from "../schema/table.ts";
import { notImplemented } from "./api-error.ts";
import { type JsonObject, optionalObject, optionalString, refuseOthers } from "./input.ts";

/** Every dataset is there, whatever location it was created with: the location is kept and sent back, no more. */
export const DEFAULT_LOCATION = "US";

const OUTPUT_ONLY = [
  "kind",
  "etag",
  "id",
  "selfLink",
  "creationTime",
  "lastModifiedTime",
  "type",
  "satisfiesPzs",
  "satisfiesPzi",
];
const KEPT = [
  "friendlyName",
  "description",
  "labels",
  "location",
  "access",
  "resourceTags",
  "storageBillingModel",
  "maxTimeTravelHours",
];
const ALLOWED = new Set([...OUTPUT_ONLY, ...KEPT, "datasetReference", "defaultRoundingMode"]);

/**
 * What is kept of a Dataset resource. Properties that would change how tables behave (default expirations, collation,
 * linked datasets, …) are refused by name.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset
 */
export function datasetMetadata(body: JsonObject): JsonObject {
  refuseOthers(body, ALLOWED, "dataset");
  const rounding = body.defaultRoundingMode ?? "ROUND_HALF_AWAY_FROM_ZERO";
  if (rounding !== "ROUNDING_MODE_UNSPECIFIED" && rounding !== "ROUND_HALF_AWAY_FROM_ZERO") {
    throw notImplemented("dataset.defaultRoundingMode");
  }
  optionalObject(body.labels, "labels");
  for (const name of ["description", "friendlyName", "location"]) optionalString(body[name], name);
  const metadata = Object.fromEntries(KEPT.map((name) => [name, body[name]]));
  return withoutNulls({ ...metadata, location: body.location ?? DEFAULT_LOCATION });
}

/** The resource as the API sends it. */
export function datasetResource(dataset: Dataset, baseUrl: string): JsonObject {
  const { projectId, datasetId } = dataset.ref;
  const resource = {
    kind: "bigquery#dataset",
    id: `${projectId}:${datasetId}`,
    selfLink: `${baseUrl}/projects/${projectId}/datasets/${datasetId}`,
    datasetReference: { datasetId, projectId },
    ...dataset.metadata,
    creationTime: String(dataset.createdMs),
    lastModifiedTime: String(dataset.modifiedMs),
    type: "DEFAULT",
  };
  return { ...resource, etag: etagOf({ ...dataset, createdMs: dataset.createdMs }) };
}

/** Changes whenever what it is made of does. */
export function etagOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64").slice(0, 24);
}

/**
 * A merge patch: null deletes, objects (labels) merge, anything else replaces.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/patch ("patch semantics")
 */
export function mergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(patch)) {
    const old = merged[name];
    merged[name] = isObject(value) && isObject(old) ? mergePatch(old, value) : value;
  }
  return withoutNulls(merged);
}

export function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
