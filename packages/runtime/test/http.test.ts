import { Counter, Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Readiness, startOpsServer, type OpsServer } from "#runtime";

let readiness: Readiness;
let registry: Registry;
let server: OpsServer;

beforeEach(async () => {
  readiness = new Readiness();
  registry = new Registry();
  server = await startOpsServer({ host: "127.0.0.1", port: 0, readiness, registry });
});
afterEach(() => server.close());

const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`);

test("it is alive even while it is not ready", async () => {
  readiness.notReady("kafka", "no broker answers");
  expect((await get("/healthz")).status).toBe(200);
});

test("readiness follows the conditions and gives the reasons", async () => {
  expect((await get("/readyz")).status).toBe(200);
  readiness.notReady("kafka", "no broker answers");
  readiness.notReady("mqtt", "connecting");
  readiness.ready("mqtt");
  const response = await get("/readyz");
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: "not ready", reasons: { kafka: "no broker answers" } });
});

test("metrics are those of the registry", async () => {
  new Counter({ name: "things_total", help: "Things.", registers: [registry] }).inc(3);
  const response = await get("/metrics");
  expect(response.headers.get("content-type")).toContain("text/plain");
  expect(await response.text()).toContain("things_total 3");
});

test("a service's own page is read anew at each request", async () => {
  const things = [{ id: 1 }];
  server.serveJson("/things", () => things);
  expect(await (await get("/things")).json()).toEqual([{ id: 1 }]);
  things.push({ id: 2 });
  const response = await get("/things");
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(await response.json()).toEqual([{ id: 1 }, { id: 2 }]);
});

test("a page that cannot be read is an error of that request only", async () => {
  server.serveJson("/broken", () => {
    throw new Error("not now");
  });
  expect((await get("/broken")).status).toBe(500);
  expect((await get("/healthz")).status).toBe(200);
});

test("a path that does not exist is not found", async () => {
  expect((await get("/")).status).toBe(404);
});

test("a port that is taken rejects", async () => {
  const again = startOpsServer({ host: "127.0.0.1", port: server.port, readiness, registry });
  await expect(again).rejects.toThrow(/^OPS_PORT \d+: another process listens there/);
});

test("closing does not wait for connections that are kept alive", async () => {
  await get("/healthz");
  const other = await startOpsServer({ host: "127.0.0.1", port: 0, readiness, registry });
  await fetch(`http://127.0.0.1:${other.port}/healthz`);
  await other.close();
  await expect(fetch(`http://127.0.0.1:${other.port}/healthz`)).rejects.toThrow();
});
