import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express } from "express";
import type { Registry } from "prom-client";
import type { Readiness } from "./readiness.ts";
import { listenError } from "./start-error.ts";

export interface OpsServerOptions {
  /** Address to listen on: loopback on a developer's machine, all interfaces in a container. */
  readonly host: string;
  /** 0 takes any free port; see {@link OpsServer.port}. */
  readonly port: number;
  readonly readiness: Readiness;
  readonly registry: Registry;
}

/** The running server for probes and metrics. */
export interface OpsServer {
  readonly port: number;
  /** Serves what `read` gives at each GET of `path`, as JSON: a page of the service's own. */
  readonly serveJson: (path: string, read: () => unknown) => void;
  /** Ends open connections at once: nobody waits for an answer that matters. */
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (200 while the process lives), `/readyz` (200, or 503 with the reasons) and `/metrics`. It starts
 * before everything else and stops last, so that a service that hangs in its start or stop can be seen from outside.
 * @throws StartError when the port is taken.
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const app = opsApp(options.readiness, options.registry);
  const server = createServer(app);
  server.listen(options.port, options.host);
  await once(server, "listening").catch((error: unknown) => {
    throw listenError({ portName: "OPS_PORT", hostName: "OPS_HOST", ...options }, error);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serveJson: (path, read) => void app.get(path, (_request, response) => void response.json(read())),
    close: () => close(server),
  };
}

function opsApp(readiness: Readiness, registry: Registry): Express {
  const app = express().disable("x-powered-by");
  app.get("/healthz", (_request, response) => void response.json({ status: "alive" }));
  app.get("/readyz", (_request, response) => {
    const reasons = readiness.reasons();
    const status = readiness.isReady ? "ready" : "not ready";
    response.status(readiness.isReady ? 200 : 503).json({ status, reasons });
  });
  app.get("/metrics", async (_request, response) => {
    const body = await registry.metrics();
    response.type(registry.contentType).send(body);
  });
  return app;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
