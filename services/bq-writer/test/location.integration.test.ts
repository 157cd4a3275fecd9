import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { EmbeddedBigQuery } from "#local/bigquery";
import { freePort, ServerProcess, temporaryDirectory } from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

let bigQuery: EmbeddedBigQuery;
let clients: BigQueryClients;
const writers: ServerProcess[] = [];
beforeAll(async () => {
  bigQuery = await EmbeddedBigQuery.start({ dataDir: temporaryDirectory("location") });
  const grpcEndpoint = `127.0.0.1:${bigQuery.grpcPort}`;
  clients = bigQueryClients({ project: "p", restEndpoint: bigQuery.restUrl, grpcEndpoint });
});
afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.kill()));
  await clients.close();
  await bigQuery.stop();
});

/** A writer that prepares its table; Kafka, which comes after that, is not there. */
async function writer(location: string, ready: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    name: "writer",
    command: process.execPath,
    args: [MAIN, "--create-tables"],
    directory: temporaryDirectory("location-writer"),
    isTemporary: true,
    environment: {
      KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
      BIGQUERY_PROJECT: "p",
      BIGQUERY_LOCATION: location,
      BIGQUERY_REST_ENDPOINT: bigQuery.restUrl,
      BIGQUERY_GRPC_ENDPOINT: `127.0.0.1:${bigQuery.grpcPort}`,
    },
    isReady: (log) => log.includes(ready),
    readyTimeoutMs: 60_000,
  });
  writers.push(server);
  return server;
}

test("BIGQUERY_LOCATION is where the dataset is made, and one elsewhere ends the start with both names", async () => {
  const first = await writer("europe-west1", "dataset and table are there");
  const [{ location }] = (await clients.rest.dataset("iot_raw").getMetadata()) as unknown as [{ location?: string }];
  expect(location).toBe("europe-west1");
  await first.stop();
  const second = await writer("EU", "serving probes");
  expect(await second.exited).toMatchObject({ code: 1 });
  expect(second.log()).toContain("dataset p.iot_raw is in europe-west1, not in EU");
});
