import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "#runtime/manual-clock";
import { afterEach, expect, test } from "vitest";
import { Store } from "../../engine/store.ts";
import { createRestApp } from "../index.ts";
import { localClient, metadataOf } from "./client.ts";
import { type LocalServer, startServer } from "./server.ts";

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
const statusOf = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`http://127.0.0.1:${server!.port}${path}`, { headers })).status;

test("the token check comes before everything else", async () => {
  server = await startServer({ authorize: (token) => token === "right" });
  const path = "/bigquery/v2/projects/p/datasets";
  expect(await statusOf(path)).toBe(401);
  expect(await statusOf(path, { authorization: "Bearer wrong" })).toBe(401);
  expect(await statusOf("/upload/x")).toBe(401);
  expect(await statusOf(path, { authorization: "Bearer right" })).toBe(200);
});

test("faults meet requests before they are read", async () => {
  server = await startServer({ faults: (_, response) => void response.status(503).json({}) });
  expect(await statusOf("/bigquery/v2/projects/p/datasets")).toBe(503);
});

test("close ends a running job and then nothing holds the store", async () => {
  server = await startServer();
  const client = localClient(server.port, "p");
  await client.createQueryJob("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 900000)) AS x ORDER BY x");
  await server.stop();
  server = undefined;
});

test("rows of expired partitions are neither listed nor counted, before the sweep too", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "bq-rest-"));
  const clock = new ManualClock(Date.UTC(2026, 0, 10));
  const store = await Store.open({ dataDir, memoryLimitMib: 128, threads: 1, clock });
  const app = createRestApp({ store, translate: () => ({}) as never, resultsDir: join(dataDir, "results") });
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const [dataset] = await localClient((http.address() as AddressInfo).port, "p").createDataset("d");
  const [table] = await dataset.createTable("t", {
    schema: [{ name: "day", type: "DATE" }],
    timePartitioning: { type: "DAY", field: "day", expirationMs: String(2 * 86_400_000) },
  });
  const inserted = table.insert([{ day: "2026-01-05" }, { day: "2026-01-09" }]);
  const ticking = setInterval(() => void clock.advance(50), 5);
  await inserted;
  clearInterval(ticking);
  const [rows] = (await table.getRows()) as [{ day: { value: string } }[]];
  expect(rows.map(({ day }) => day.value)).toEqual(["2026-01-09"]);
  expect((await metadataOf(table)).numRows).toBe("1");
  http.closeAllConnections();
  http.close();
  await app.close();
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
