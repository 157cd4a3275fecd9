/** Refusals that the embedded BigQuery has no occasion for, in the form of Google's answers. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bigQueryClients, checkTable, ensureTable, storedOffsets, type BigQueryClients, type TableId } from "#bigquery";
import { eventsTable } from "#events";

const table: TableId = { project: "p", dataset: "d", table: "t" };
const question = { table, kafkaSource: "c/t", kafkaPartition: 0, afterOffset: -1, sinceEventTimeMs: undefined };

let answer: { code: number; reason: string };
let server: Server;
let clients: BigQueryClients;

beforeAll(async () => {
  server = createServer((_request, response) => {
    const { code, reason } = answer;
    const error = { code, message: "in BigQuery's words", errors: [{ reason, domain: "global", message: "…" }] };
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify({ error }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  clients = bigQueryClients({
    project: "p",
    restEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
});
afterAll(async () => {
  await clients.close();
  server.closeAllConnections();
  server.close();
});

test.each([
  [403, "accessDenied", "BIGQUERY_REFUSED"],
  [403, "rateLimitExceeded", "BIGQUERY_UNAVAILABLE"],
  [400, "jobBackendError", "BIGQUERY_UNAVAILABLE"],
  [400, "invalid", "BIGQUERY_REFUSED"],
])("%i %s: %s, at the start and in a takeover alike", async (code, reason, expected) => {
  answer = { code, reason };
  const calls = [
    () => ensureTable(clients, table, eventsTable),
    () => checkTable(clients, table, eventsTable),
    () => storedOffsets(clients, question),
  ];
  for (const call of calls)
    await expect(call()).rejects.toMatchObject({ code: expected, details: { httpCode: code, apiReason: reason } });
});
