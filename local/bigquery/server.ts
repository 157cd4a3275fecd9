import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Clock, Logger, Timer } from "#runtime";
import { silentLogger, systemClock } from "#runtime";
import type { Express } from "express";
import type { Registry } from "prom-client";
import { tokenMatches } from "./bearer.ts";
import { sweep } from "./engine/housekeeping.ts";
import { Store } from "./engine/store.ts";
import { createFaultAdmin } from "./faults/admin.ts";
import { FaultPlan } from "./faults/plan.ts";
import { restFaults } from "./faults/rest-faults.ts";
import { createMetrics } from "./metrics.ts";
import { createRestApp } from "./rest/index.ts";
import { translate } from "./sql/index.ts";
import { GrpcServer } from "./write/grpc-server.ts";

export interface EmbeddedBigQueryOptions {
  /** Directory of the database; made if it is missing. One process at a time. */
  readonly dataDir: string;
  /** Default: loopback. Beyond it a `bearerToken` is required. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly restPort?: number;
  readonly grpcPort?: number;
  readonly bearerToken?: string;
  /** DuckDB's own memory; default 160 MiB. */
  readonly memoryLimitMib?: number;
  /** DuckDB's threads; default 2. */
  readonly threads?: number;
  readonly sweepIntervalMs?: number;
  /** Least time between transactions of small appends; default 30 ms. */
  readonly commitIntervalMs?: number;
  /** Serve faults on demand over HTTP on loopback at this port (0: any free one). Default: not at all. */
  readonly faultAdminPort?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly registry?: Registry;
}

const LOOPBACK = "127.0.0.1";
const DEFAULT_MEMORY_MIB = 160;
const DEFAULT_THREADS = 2;
const DEFAULT_SWEEP_INTERVAL_MS = 600_000;
/** Bytes of appends, over all connections, that may wait for the database. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
/** Time for calls under way when it stops. */
const STOP_GRACE_MS = 2000;

/**
 * A running embedded BigQuery, in this process. Stop it with {@link stop}; a process that dies without it loses nothing
 * that was acknowledged.
 */
export class EmbeddedBigQuery {
  /** Faults on demand, for tests. */
  readonly faults: FaultPlan;
  readonly restPort: number;
  readonly grpcPort: number;
  /** Port of the fault server, if one was asked for. */
  readonly faultAdminPort: number | undefined;
  readonly #parts: Parts;

  /** Opens the database, then both listeners. Rejects, with nothing left open, if one of them cannot be had. */
  static async start(options: EmbeddedBigQueryOptions): Promise<EmbeddedBigQuery> {
    if ((options.host ?? LOOPBACK) !== LOOPBACK && options.bearerToken === undefined) {
      throw new Error("a bearerToken is required to listen beyond loopback");
    }
    const parts = await startParts(options);
    return new EmbeddedBigQuery(parts);
  }

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.faults = parts.faults;
    this.restPort = portOf(parts.rest);
    this.grpcPort = parts.grpc.port;
    this.faultAdminPort = parts.admin && portOf(parts.admin);
  }

  /** Base address of the REST API, as clients take it for `apiEndpoint`. */
  get restUrl(): string {
    return `http://${LOOPBACK}:${this.restPort}`;
  }

  /** Takes no new requests, finishes those under way, then lets go of the database. */
  async stop(): Promise<void> {
    const { rest, admin, grpc, store, sweeps, faults } = this.#parts;
    sweeps.clear();
    faults.clear();
    await Promise.all([closeHttp(rest), admin && closeHttp(admin), grpc.stop(STOP_GRACE_MS)]);
    await store.close();
  }
}

interface Parts {
  readonly store: Store;
  readonly faults: FaultPlan;
  readonly rest: Server;
  readonly admin: Server | undefined;
  readonly grpc: GrpcServer;
  readonly sweeps: Timer;
}

async function startParts(options: EmbeddedBigQueryOptions): Promise<Parts> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLogger;
  const host = options.host ?? LOOPBACK;
  const faults = new FaultPlan(clock);
  const store = await openStore(options, clock);
  const opened: { close(): unknown }[] = [store];
  try {
    const rest = await listen(restApp(options, store, faults, log), options.restPort ?? 0, host);
    opened.push(rest);
    const grpc = await GrpcServer.start({
      store,
      faults,
      host,
      port: options.grpcPort ?? 0,
      maxBacklogBytes: MAX_BACKLOG_BYTES,
      onInternalError: (err) => log.error({ err }, "a write call failed"),
      ...(options.bearerToken === undefined ? {} : { bearerToken: options.bearerToken }),
    });
    opened.push({ close: () => grpc.stop(0) });
    const { faultAdminPort } = options;
    const admin =
      faultAdminPort === undefined ? undefined : await listen(createFaultAdmin(faults), faultAdminPort, LOOPBACK);
    return { store, faults, rest, grpc, admin, sweeps: scheduleSweeps(store, clock, log, options) };
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    throw error;
  }
}

async function openStore(options: EmbeddedBigQueryOptions, clock: Clock): Promise<Store> {
  const store = await Store.open({
    dataDir: options.dataDir,
    memoryLimitMib: options.memoryLimitMib ?? DEFAULT_MEMORY_MIB,
    threads: options.threads ?? DEFAULT_THREADS,
    clock,
    ...(options.commitIntervalMs === undefined ? {} : { commitIntervalMs: options.commitIntervalMs }),
    onCommit: (appends, rows) => {
      metrics?.commits.inc();
      metrics?.appends.inc(appends);
      metrics?.rows.inc(rows);
    },
  });
  const metrics = options.registry && createMetrics(options.registry, store);
  return store;
}

function restApp(options: EmbeddedBigQueryOptions, store: Store, faults: FaultPlan, logger: Logger): Express {
  const { bearerToken, dataDir } = options;
  return createRestApp({
    store,
    translate,
    resultsDir: join(dataDir, "results"),
    faults: restFaults(faults),
    logger,
    ...(bearerToken === undefined ? {} : { authorize: (given) => tokenMatches(given, bearerToken) }),
  });
}

function scheduleSweeps(store: Store, clock: Clock, log: Logger, options: EmbeddedBigQueryOptions): Timer {
  return clock.setInterval(options.sweepIntervalMs ?? DEFAULT_SWEEP_INTERVAL_MS, () => {
    sweep(store).then(
      (swept) => log.debug({ ...swept }, "swept"),
      (err: unknown) => log.error({ err }, "the sweep failed: expired rows keep their space until the next one"),
    );
  });
}

async function listen(app: Express, port: number, host: string): Promise<Server> {
  const server = createServer(app);
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closeHttp(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
    cut.unref();
  });
}
