import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { askPod } from "../controllers/summaries.ts";
import { OPS_PORT } from "../controllers/desired.ts";

/** No other test listens there: the operator's port of pods is the same for all of them. */
const ADDRESS = "127.0.0.97";
let server: Server;

async function pod(answer: RequestListener): Promise<void> {
  server = createServer(answer).listen(OPS_PORT, ADDRESS);
  await once(server, "listening");
}
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test("an answer", async () => {
  await pod((_, response) => response.end('{"devices":3}'));
  expect(await askPod(ADDRESS, "/summary")).toEqual({ devices: 3 });
});

test("an error is none", async () => {
  await pod((_, response) => response.writeHead(503).end("{}"));
  await expect(askPod(ADDRESS, "/summary")).rejects.toThrow("answered 503");
});

test("an answer without an end is not read on", async () => {
  const ended = Promise.withResolvers<undefined>();
  await pod((_, response) => {
    response.on("close", () => ended.resolve(undefined));
    const more = (): void => {
      if (!response.destroyed) response.write("x".repeat(16_384), more);
    };
    more();
  });
  await expect(askPod(ADDRESS, "/summary")).rejects.toThrow("answered too much");
  await ended.promise;
});
