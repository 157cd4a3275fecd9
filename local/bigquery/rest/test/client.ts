import { BigQuery, type Job, type Query } from "@google-cloud/bigquery";
import { PassThroughClient } from "google-auth-library";

/**
 * The official client against the embedded BigQuery. It insists on credentials even when its endpoint is overridden;
 * `PassThroughClient` is google-auth-library's client without any. With a bearer token:
 * `const auth = new OAuth2Client(); auth.setCredentials({ access_token: token })` takes its place.
 */
export function localClient(port: number, projectId: string): BigQuery {
  process.env.METADATA_SERVER_DETECTION = "none";
  return new BigQuery({
    projectId,
    apiEndpoint: `http://127.0.0.1:${port}`,
    // The package brings its own copy of the type; both are the same class at run time.
    authClient: new PassThroughClient() as never,
    // A server that is wrong should fail a test at once and not after a minute of retries.
    retryOptions: { autoRetry: false },
  });
}

export interface ContractTarget {
  readonly client: BigQuery;
  readonly projectId: string;
  /** Exists already; tables in it are the tests' to make and to delete. */
  readonly datasetId: string;
}

/** Real BigQuery, from `BIGQUERY_CONTRACT=project.dataset` with application default credentials; or undefined. */
export function realTarget(): ContractTarget | undefined {
  const [projectId, datasetId] = (process.env.BIGQUERY_CONTRACT ?? "").split(".");
  if (!projectId || !datasetId) return undefined;
  return { client: new BigQuery({ projectId }), projectId, datasetId };
}

/** The code, first reason and message of the error that a call of the official client ends in. */
export async function failure(call: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  try {
    await call;
  } catch (error) {
    const { code, errors, message } = error as { code: number; errors?: { reason: string }[]; message: string };
    return { code, reason: errors?.[0]?.reason ?? "", message };
  }
  throw new Error("the call did not fail");
}

/** A row as the client parsed it. */
export type Row = Record<string, unknown>;

/** What the client's types leave open of an answer or a resource. */
export interface Resource {
  readonly etag: string;
  readonly numRows: string;
  readonly totalRows: string;
  readonly description: string;
  readonly status: object;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: string }[] };
  readonly statistics: { readonly query: object };
  readonly [name: string]: unknown;
}

/** All rows of a query. */
export async function rowsOf(client: BigQuery, query: string | Query): Promise<Row[]> {
  return (await answerOf(client, query)).rows;
}

/** All rows of a query, and its last answer beside them. */
export async function answerOf(client: BigQuery, query: string | Query): Promise<{ rows: Row[]; response: Resource }> {
  const [rows, , response] = (await client.query(query as Query)) as unknown as [Row[], unknown, Resource];
  return { rows, response };
}

/** The metadata of a dataset, table or job. */
export async function metadataOf(resource: { getMetadata(): Promise<unknown> }): Promise<Resource> {
  const [metadata] = (await resource.getMetadata()) as [Resource];
  return metadata;
}

/** One page of a job's rows, and what to ask for the next one; null after the last. */
export async function pageOf(
  job: Job,
  options: object,
): Promise<{ rows: Row[]; next: object | null; response: Resource }> {
  const answer: unknown = await job.getQueryResults({ ...options, autoPaginate: false });
  const [rows, next, response] = answer as [Row[], object | null, Resource];
  return { rows, next, response };
}
