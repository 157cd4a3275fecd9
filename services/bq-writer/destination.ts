import { bigQueryClients, type BigQueryClients, type TableId } from "#bigquery";
import type { WriterConfig } from "./config.ts";

/** The variables that say which table is written. */
export type DestinationConfig = Pick<
  WriterConfig,
  | "BIGQUERY_PROJECT"
  | "BIGQUERY_DATASET"
  | "BIGQUERY_TABLE"
  | "BIGQUERY_REST_ENDPOINT"
  | "BIGQUERY_GRPC_ENDPOINT"
  | "BIGQUERY_TOKEN"
>;

/** The table that the variables name, and clients to reach it, which whoever asked has to close. */
export function destinationOf(config: DestinationConfig): { readonly clients: BigQueryClients; readonly id: TableId } {
  const { BIGQUERY_PROJECT: project, BIGQUERY_DATASET: dataset, BIGQUERY_TABLE: table } = config;
  const clients = bigQueryClients({
    project,
    restEndpoint: config.BIGQUERY_REST_ENDPOINT,
    grpcEndpoint: config.BIGQUERY_GRPC_ENDPOINT,
    token: config.BIGQUERY_TOKEN,
  });
  return { clients, id: { project, dataset, table } };
}
