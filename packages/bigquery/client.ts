import type { BigQuery } from "@google-cloud/bigquery";
import { BigQueryWriteClient } from "@google-cloud/bigquery-storage";
import { credentials } from "@grpc/grpc-js";
import { OAuth2Client, PassThroughClient } from "google-auth-library";
import { systemClock, type Clock } from "#runtime/clock";
import { skipMetadataServer } from "./config.ts";
import { RestClient } from "./rest-client.ts";

export interface BigQueryOptions {
  readonly project: string;
  /** URL of a REST API that is not Google's, such as the embedded BigQuery's. */
  readonly restEndpoint?: string | undefined;
  /** `host:port` of a Storage Write API that is not Google's; spoken to without TLS. */
  readonly grpcEndpoint?: string | undefined;
  /** Sent as `Authorization: Bearer …` to those endpoints. */
  readonly token?: string | undefined;
  /** For the deadlines of REST calls; default: the machine's. */
  readonly clock?: Clock | undefined;
}

/** Both of Google's clients for one project. One pair for a process: each keeps connections and memory. */
export interface BigQueryClients {
  readonly project: string;
  readonly rest: BigQuery;
  readonly write: BigQueryWriteClient;
  /** Go with every call of `write`. */
  readonly headers: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** How often a quiet connection is checked, so that a dead one is noticed before the next append. */
const KEEPALIVE = { "grpc.keepalive_time_ms": 30_000, "grpc.keepalive_timeout_ms": 10_000 };

/**
 * Makes the clients; nothing is connected yet. Without endpoints they speak to Google with application default
 * credentials (https://cloud.google.com/docs/authentication/application-default-credentials).
 */
export function bigQueryClients(options: BigQueryOptions): BigQueryClients {
  const write = writeClient(options);
  const headers: Record<string, string> =
    options.grpcEndpoint === undefined || options.token === undefined
      ? {}
      : { authorization: `Bearer ${options.token}` };
  return { project: options.project, rest: restClient(options), write, headers, close: () => write.close() };
}

/** Its own retries are off: whoever calls has a loop with a bound, a backoff and a log line. */
function restClient({ project, restEndpoint, token, clock = systemClock }: BigQueryOptions): BigQuery {
  const common = { projectId: project, retryOptions: { autoRetry: false, maxRetries: 0 } };
  if (restEndpoint === undefined) return new RestClient(common, clock);
  skipMetadataServer();
  // The packages bring their own copies of the type; the class is the same at run time.
  const local = { ...common, apiEndpoint: restEndpoint, authClient: localAuth(token) as never };
  return new RestClient(local, clock);
}

function localAuth(token: string | undefined): OAuth2Client | PassThroughClient {
  if (token === undefined) return new PassThroughClient();
  const client = new OAuth2Client();
  client.setCredentials({ access_token: token });
  return client;
}

function writeClient({ project, grpcEndpoint }: BigQueryOptions): BigQueryWriteClient {
  if (grpcEndpoint === undefined) return new BigQueryWriteClient({ projectId: project, ...KEEPALIVE });
  skipMetadataServer();
  const { hostname, port } = new URL(`grpc://${grpcEndpoint}`);
  return new BigQueryWriteClient({
    projectId: project,
    apiEndpoint: hostname,
    servicePath: hostname,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    ...KEEPALIVE,
  });
}
