import { join } from "node:path";
import type { Clock, Logger, Timer } from "#runtime";
import { silentLogger, systemClock, listenError } from "#runtime";
import type { Express } from "express";
import type { Registry } from "prom-client";
import { tokenMatches } from "./bearer.ts";
import { Store } from "./engine/store.ts";
import { createFaultAdmin } from "./faults/admin.ts";
import { FaultPlan } from "./faults/plan.ts";
import { restFaults } from "./faults/rest-faults.ts";
import { listen, type Listener } from "./listener.ts";
import { isLoopback, LOOPBACK } from "./loopback.ts";
import { createMetrics } from "./metrics.ts";
import { createRestApp, type RestApp } from "./rest/index.ts";
import { translate } from "./sql/index.ts";
import { sweep } from "./housekeeping.ts";
import { dataDirError } from "./start-error.ts";
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
  /** DuckDB's own memory; default 128 MiB. */
  readonly memoryLimitMib?: number;
  /** Threads of a query; default 2. */
  readonly threads?: number;
  readonly sweepIntervalMs?: number;
  /** Least time between transactions of small appends; default 10 ms. */
  readonly commitIntervalMs?: number;
  /** Serve faults on demand over HTTP on loopback at this port (0: any free one). Default: not at all. */
  readonly faultAdminPort?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly registry?: Registry;
}

const DEFAULT_MEMORY_MIB = 128;
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

  /** Opens the database, then the listeners. Rejects, with nothing left open, if one of them cannot be had. */
  static async start(options: EmbeddedBigQueryOptions): Promise<EmbeddedBigQuery> {
    if (!isLoopback(options.host ?? LOOPBACK) && options.bearerToken === undefined) {
      throw new Error("a bearerToken is required to listen beyond loopback");
    }
    await using opening = new AsyncDisposableStack();
    const ports = await openParts(options, opening);
    return new EmbeddedBigQuery({ ...ports, opened: opening.move() });
  }

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.faults = parts.faults;
    this.restPort = parts.restPort;
    this.grpcPort = parts.grpcPort;
    this.faultAdminPort = parts.faultAdminPort;
  }

  /** Base address of the REST API, as clients take it for `apiEndpoint`. */
  get restUrl(): string {
    return `http://${LOOPBACK}:${this.restPort}`;
  }

  /** Takes no new requests, finishes those under way, then lets go of the database. */
  async stop(): Promise<void> {
    await this.#parts.opened.disposeAsync();
  }
}

interface Opened {
  readonly faults: FaultPlan;
  readonly restPort: number;
  readonly grpcPort: number;
  readonly faultAdminPort: number | undefined;
}

interface Parts extends Opened {
  /** What {@link EmbeddedBigQuery.stop} closes, the last opened first. */
  readonly opened: AsyncDisposableStack;
}

async function openParts(options: EmbeddedBigQueryOptions, opened: AsyncDisposableStack): Promise<Opened> {
  const { clock = systemClock, log = silentLogger, host = LOOPBACK, faultAdminPort } = options;
  const listenTo = (application: Express, flag: string, on: string, port: number): Promise<Listener> =>
    orExplain(listen(application, { graceMs: STOP_GRACE_MS, clock, host: on, port }), (error) =>
      listenError({ portName: flag, hostName: "--host", host: on, port }, error),
    );
  const faults = new FaultPlan(clock);
  const store = opened.adopt(await openStore(options, clock), (each) => each.close());
  const app = opened.adopt(restApp(options, store, faults, log), (each) => each.close());
  const rest = opened.adopt(await listenTo(app, "--rest-port", host, options.restPort ?? 0), close);
  const grpc = opened.adopt(await startGrpc(options, store, faults, log), (each) => each.stop(STOP_GRACE_MS));
  const admin =
    faultAdminPort === undefined
      ? undefined
      : opened.adopt(await listenTo(createFaultAdmin(faults), "--fault-admin-port", LOOPBACK, faultAdminPort), close);
  opened.adopt(scheduleSweeps(store, clock, log, options), (timer) => timer.clear());
  // A frozen call would hold up the stop for ever.
  opened.defer(() => faults.clear());
  return { faults, restPort: rest.port, grpcPort: grpc.port, faultAdminPort: admin?.port };
}

/** `opening`, its rejection put into words by `explain`. */
async function orExplain<T>(opening: Promise<T>, explain: (error: unknown) => unknown): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw explain(error);
  }
}

function close(listener: Listener): Promise<void> {
  return listener.close();
}

function startGrpc(
  options: EmbeddedBigQueryOptions,
  store: Store,
  faults: FaultPlan,
  log: Logger,
): Promise<GrpcServer> {
  const { host = LOOPBACK, grpcPort: port = 0 } = options;
  const starting = GrpcServer.start({
    store,
    faults,
    host,
    port,
    maxBacklogBytes: MAX_BACKLOG_BYTES,
    onInternalError: (err) => log.error({ err }, "a write call failed"),
    ...(options.bearerToken === undefined ? {} : { bearerToken: options.bearerToken }),
  });
  return orExplain(starting, (error) =>
    listenError({ portName: "--grpc-port", hostName: "--host", host, port }, error),
  );
}

async function openStore(options: EmbeddedBigQueryOptions, clock: Clock): Promise<Store> {
  const opening = Store.open({
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
  const store = await orExplain(opening, (error) => dataDirError(options.dataDir, error));
  const metrics = options.registry && createMetrics(options.registry, store);
  return store;
}

function restApp(options: EmbeddedBigQueryOptions, store: Store, faults: FaultPlan, logger: Logger): RestApp {
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
