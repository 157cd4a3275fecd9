import { BigQuery } from "@google-cloud/bigquery";
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
