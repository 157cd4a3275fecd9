import { afterAll, beforeAll, expect, test } from "vitest";
import { bigQueryClients, ensureDataset, storedOffsets, type BigQueryClients, type TableId } from "#bigquery";
import { EmbeddedBigQuery } from "#local/bigquery";
import { ManualClock } from "#runtime/manual-clock";
import { eventually, temporaryDirectory } from "#testkit";
import { REST_DEADLINE_MS } from "../rest-client.ts";

const clock = new ManualClock();
let bigQuery: EmbeddedBigQuery;
let clients: BigQueryClients;

beforeAll(async () => {
  bigQuery = await EmbeddedBigQuery.start({ dataDir: temporaryDirectory("rest-client") });
  clients = bigQueryClients({ project: "p", restEndpoint: bigQuery.restUrl, clock });
  await ensureDataset(clients, "d");
});
afterAll(async () => {
  await clients.close();
  await bigQuery.stop();
});

/** Makes a call that nobody answers, and gives its error once the deadline has passed. */
async function unanswered(call: () => Promise<unknown>): Promise<unknown> {
  const { id } = bigQuery.faults.add({ kind: "freeze", call: "rest" });
  const ended = call().then(
    () => "answered",
    (error: unknown) => error,
  );
  await eventually("the call has arrived", () => bigQuery.faults.list()[0]?.hits === 1);
  await clock.advance(REST_DEADLINE_MS - 1);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  bigQuery.faults.remove(id);
  return ended;
}

test.each<[string, () => Promise<unknown>]>([
  ["a query", () => clients.rest.query("SELECT 1")],
  ["a look at a table", () => clients.rest.dataset("d").table("t").getMetadata()],
])("%s that nobody answers ends at its deadline, and the next is answered", async (_, call) => {
  expect(await unanswered(call)).toMatchObject({ code: "ETIMEDOUT" });
  const [rows] = await clients.rest.query("SELECT 2 AS two");
  expect(rows).toEqual([{ two: 2 }]);
  expect(clock.pendingTimers).toBe(0);
});

test("a takeover's question without an answer may be asked again", async () => {
  const table: TableId = { project: "p", dataset: "d", table: "t" };
  const question = { table, kafkaSource: "c/t", kafkaPartition: 0, afterOffset: -1, sinceEventTimeMs: undefined };
  const error = await unanswered(() => storedOffsets(clients, question));
  expect(error).toMatchObject({ code: "BIGQUERY_UNAVAILABLE", retryable: true });
});
