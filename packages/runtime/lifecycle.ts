import { Registry, collectDefaultMetrics } from "prom-client";
import { systemClock, type Clock } from "./clock.ts";
import { readArguments } from "./command-line.ts";
import { ConfigError, type LoadedConfig } from "./config.ts";
import { startOpsServer, type OpsServer } from "./http.ts";
import { createLogger, type Logger } from "./logger.ts";
import { Readiness } from "./readiness.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import { StartError } from "./start-error.ts";
import { StopDeadline } from "./stop-deadline.ts";

/** Why a service's process ended. */
export const EXIT_CODES = {
  /** Stopped as asked: all that was promised is done. */
  clean: 0,
  /** The start failed, a part failed for good, or an error nobody caught. */
  fatal: 1,
  /** The configuration is invalid; every problem is on standard error. Starting again does not help. */
  config: 2,
  /** The graceful stop did not end within its share of the grace period, or failed. */
  forced: 3,
  /** A second signal asked for an immediate end. */
  secondSignal: 4,
} as const;

/** Share of the grace period for the graceful stop; the rest is for the forced one, before the kernel's SIGKILL. */
export const GRACEFUL_SHARE = 0.75;

/** What a service gets at its start. */
export interface ServiceContext<Config> {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly readiness: Readiness;
  readonly registry: Registry;
  /** Adds a page to the server for probes and metrics: `read`'s value as JSON at each GET of `path`. */
  readonly serveJson: OpsServer["serveJson"];
  /** Aborts when the stop begins: ends waits and retries of a start that is still going on. */
  readonly stopping: AbortSignal;
  /** Ends the process, exit code `fatal`: for a running part that cannot go on. */
  readonly fail: (error: unknown) => void;
}

export interface RunningService {
  /**
   * Stops the intake, drains, flushes, acknowledges, closes clients, in that order; by `deadline`. A rejection counts
   * as a forced stop.
   */
  stop(deadline: StopDeadline): Promise<void>;
}

export interface ServiceDefinition<Config extends RuntimeConfig> {
  readonly name: string;
  /** Loads the configuration; its ConfigError ends the process before anything is opened. */
  config(): LoadedConfig<Config>;
  /** `config` reads the command line and reports what it does not know. Default: any argument is a problem. */
  readonly readsArguments?: boolean;
  /** Opens the outermost first (sinks before sources). The service is ready when this resolves and nothing is open. */
  start(context: ServiceContext<Config>): Promise<RunningService>;
}

/**
 * Runs a service for the life of the process and ends the process, always through an exit code of {@link EXIT_CODES}.
 *
 * Order: configuration → server for probes and metrics → `start` → ready. SIGTERM or SIGINT: not ready → `stop` → that
 * server → exit. A second signal exits at once. A signal during the start aborts `stopping`, lets the start end and
 * stops what came of it.
 */
export async function runService<Config extends RuntimeConfig>(definition: ServiceDefinition<Config>): Promise<void> {
  const loaded = loadOrExit(definition);
  const { config } = loaded;
  const log = createLogger({ name: definition.name, level: config.LOG_LEVEL, clock: systemClock });
  for (const warning of loaded.warnings) log.warn({ warning }, "unknown environment variable");
  const service = new ServiceProcess(definition, config, log);
  await service.run();
}

function loadOrExit<Config extends RuntimeConfig>(definition: ServiceDefinition<Config>): LoadedConfig<Config> {
  const unknown = definition.readsArguments === true ? [] : readArguments(process.argv.slice(2)).problems;
  try {
    const loaded = definition.config();
    if (unknown.length === 0) return loaded;
    return exitWith(definition.name, new ConfigError(unknown));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return exitWith(definition.name, new ConfigError([...unknown, ...error.problems]));
  }
}

function exitWith(name: string, { message }: ConfigError): never {
  process.stderr.write(`${name}: ${message}\n`);
  process.exit(EXIT_CODES.config);
}

const STARTING = "service";

class ServiceProcess<Config extends RuntimeConfig> {
  readonly #definition: ServiceDefinition<Config>;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #readiness = new Readiness();
  readonly #registry = new Registry();
  readonly #stopping = new AbortController();
  #ops: OpsServer | undefined;
  #started: Promise<RunningService> | undefined;

  constructor(definition: ServiceDefinition<Config>, config: Config, log: Logger) {
    this.#definition = definition;
    this.#config = config;
    this.#log = log;
  }

  async run(): Promise<void> {
    this.#readiness.notReady(STARTING, "starting");
    process.on("uncaughtException", (err) => this.#fatal(err, "uncaught exception"));
    process.on("unhandledRejection", (err) => this.#fatal(err, "unhandled rejection"));
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => this.#onSignal(signal));
    collectDefaultMetrics({ register: this.#registry });
    try {
      await this.#start();
    } catch (err) {
      // A start that a signal interrupted may well reject: the stop decides the exit code then.
      if (this.#stopping.signal.aborted) return;
      if (!(err instanceof StartError)) this.#fatal(err, "start failed");
      process.stderr.write(`${this.#definition.name}: ${err.message}\n`);
      process.exit(EXIT_CODES.fatal);
    }
  }

  async #start(): Promise<void> {
    const { OPS_HOST: host, OPS_PORT: port } = this.#config;
    this.#ops = await startOpsServer({ host, port, readiness: this.#readiness, registry: this.#registry });
    this.#log.info({ host, port: this.#ops.port }, "serving probes and metrics");
    if (this.#stopping.signal.aborted) return;
    this.#started = this.#definition.start(this.#context(this.#ops));
    await this.#started;
    this.#onStarted();
  }

  #onStarted(): void {
    if (this.#stopping.signal.aborted) return;
    this.#readiness.ready(STARTING);
    this.#log.info("started");
  }

  #context(ops: OpsServer): ServiceContext<Config> {
    return {
      config: this.#config,
      log: this.#log,
      clock: systemClock,
      readiness: this.#readiness,
      registry: this.#registry,
      serveJson: ops.serveJson,
      stopping: this.#stopping.signal,
      fail: (error) => this.#fatal(error, "a part failed"),
    };
  }

  #onSignal(signal: string): void {
    if (this.#stopping.signal.aborted) {
      this.#log.warn({ signal }, "second signal: exit at once");
      process.exit(EXIT_CODES.secondSignal);
    }
    this.#readiness.notReady(STARTING, "stopping");
    const gracefulMs = this.#config.STOP_GRACE_PERIOD * GRACEFUL_SHARE;
    this.#log.info({ signal, gracefulMs }, "stopping");
    this.#stopping.abort(new Error("the service is stopping"));
    void this.#stop(new StopDeadline(systemClock, gracefulMs));
  }

  async #stop(deadline: StopDeadline): Promise<void> {
    deadline.signal.addEventListener("abort", () => {
      this.#log.error({ gracefulMs: deadline.budgetMs }, "the stop took too long: forced exit");
      process.exit(EXIT_CODES.forced);
    });
    const running = await this.#started?.catch((err: unknown) => {
      this.#log.warn({ err }, "the start ended with an error because of the stop");
      return undefined;
    });
    try {
      await running?.stop(deadline);
      await this.#ops?.close();
    } catch (err) {
      this.#log.error({ err }, "the stop failed: forced exit");
      process.exit(EXIT_CODES.forced);
    }
    this.#log.info("stopped");
    process.exit(EXIT_CODES.clean);
  }

  #fatal(err: unknown, message: string): never {
    this.#log.fatal({ err }, message);
    process.exit(EXIT_CODES.fatal);
  }
}
