import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { BigQuery } from "@google-cloud/bigquery";
import { managedwriter } from "@google-cloud/bigquery-storage";
import { credentials } from "@grpc/grpc-js";
import { localClient, realTarget } from "../rest/test/client.ts";
import { EmbeddedBigQuery } from "../server.ts";

/** A BigQuery to test against: the embedded one, or the real one if `BIGQUERY_CONTRACT=project.dataset` names it. */
export interface Target {
  readonly client: BigQuery;
  readonly writer: managedwriter.WriterClient;
  readonly projectId: string;
  readonly datasetId: string;
  /** Undefined for real BigQuery: what only the embedded one promises cannot be asked of it. */
  readonly embedded: EmbeddedBigQuery | undefined;
  /** A table name that nobody else uses. */
  freshTableId(): string;
  stop(): Promise<void>;
}

const freshTableId = (): string => `t_${randomBytes(6).toString("hex")}`;

/** Opens the target that the environment asks for. */
export async function openTarget(): Promise<Target> {
  const real = realTarget();
  if (!real) return openEmbedded();
  const writer = new managedwriter.WriterClient({ projectId: real.projectId });
  const stop = (): Promise<void> => {
    writer.close();
    return Promise.resolve();
  };
  return { ...real, writer, embedded: undefined, freshTableId, stop };
}

/** An embedded BigQuery in this process, over a directory that is deleted at the end. */
export async function openEmbedded(): Promise<Target & { readonly embedded: EmbeddedBigQuery }> {
  const dataDir = mkdtempSync(join(tmpdir(), "embedded-bigquery-"));
  const embedded = await EmbeddedBigQuery.start({ dataDir, commitIntervalMs: 0 });
  const client = localClient(embedded.restPort, "p");
  const writer = localWriter(embedded.grpcPort);
  await client.createDataset("d");
  const stop = async (): Promise<void> => {
    writer.close();
    await embedded.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { client, writer, projectId: "p", datasetId: "d", embedded, freshTableId, stop };
}

/** The official write client against the embedded BigQuery. */
export function localWriter(port: number): managedwriter.WriterClient {
  process.env.METADATA_SERVER_DETECTION = "none";
  return new managedwriter.WriterClient({
    projectId: "p",
    apiEndpoint: "127.0.0.1",
    servicePath: "127.0.0.1",
    port,
    sslCreds: credentials.createInsecure(),
  });
}
