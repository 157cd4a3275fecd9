import { ConfigError, systemClock, toError } from "#runtime";
import { stopServerProcesses } from "#testkit";
import { readFleetFile } from "../../services/simulator/fleet-file.ts";
import type { FleetAudit } from "./audit.ts";
import type { DemoOptions } from "./config.ts";
import { lockData, publishEndpoints, withdrawEndpoints } from "./endpoints.ts";
import type { Snapshot } from "./observer.ts";
import { NoAnswer } from "./programs.ts";
import { Pipeline } from "./pipeline.ts";
import { Restarts } from "./restarts.ts";

/** What the demo shows of itself while it runs. */
export interface DemoDisplay {
  /** A step of the start or the stop. */
  step(text: string): void;
  /** Something that a person should know, and that stays on the screen. */
  note(text: string): void;
  /** Everything runs; `elapsedMs` counts from here. */
  running(): void;
  /** About once a second. */
  look(now: Snapshot, before: Snapshot | undefined, elapsedMs: number): void;
}

const LOOK_INTERVAL_MS = 1000;
/** A look costs BigQuery time that grows with the rows: it gets at most this share of it. */
const LOOK_SHARE = 0.2;
/** Every part of a look has a limit below this. */
const LONGEST_LOOK_MS = 120_000;
/** For what cannot come any more because a part is gone. */
const LAST_PATIENCE_MS = 5000;

/** How it came out. */
export interface DemoResult {
  readonly audits: readonly FleetAudit[];
  /** Why it is not what was asked for, whatever the audits say. */
  readonly problems: readonly string[];
}

/**
 * Runs the whole pipeline until `stop` aborts or its time is over, and gives the audit. A program that ends by itself is
 * started again; if that does not help, the demo ends, and the audit says what became of the readings.
 *
 * @throws ConfigError for wrong fleet files, before anything is started.
 * @throws if a server or a program does not start, or a server ends; everything is stopped then too.
 */
export async function runDemo(options: DemoOptions, display: DemoDisplay, stop: AbortSignal): Promise<DemoResult> {
  const { directory, fleets } = options;
  // Before anything is started: a mistake in a file should not cost a minute.
  checkFleets(fleets);
  const release = lockData(directory);
  try {
    return await runPipeline(options, display, stop);
  } finally {
    // What a failed start has left half started.
    await stopServerProcesses();
    release();
  }
}

/** @throws ConfigError with the problems of all files. */
function checkFleets(files: readonly string[]): void {
  const problems = files.flatMap((file) => {
    try {
      readFleetFile(file);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

async function runPipeline(options: DemoOptions, display: DemoDisplay, stop: AbortSignal): Promise<DemoResult> {
  const pipeline = await Pipeline.start(options.directory, (step) => display.step(step));
  try {
    await startPrograms(pipeline, options.fleets, display, stop);
    publishEndpoints(options.directory, endpointsOf(pipeline));
    display.running();
    const givenUp = await watch(pipeline, options, display, stop);
    const problems = givenUp === undefined ? [] : [`${givenUp} ended again and again, so the demo ended`];
    const gone = pipeline.fleets.filter(({ process }) => !process.isRunning);
    problems.push(...gone.map(({ name }) => `${name} had ended: there is no audit of its readings`));
    for (const problem of problems) display.note(problem);
    return { audits: await pipeline.finish(problems.length === 0 ? undefined : LAST_PATIENCE_MS), problems };
  } finally {
    withdrawEndpoints(options.directory);
    await pipeline.end();
  }
}

/** Sinks before sources: writer and bridge, then the devices. */
async function startPrograms(
  pipeline: Pipeline,
  fleetFiles: readonly string[],
  display: DemoDisplay,
  stop: AbortSignal,
): Promise<void> {
  display.step("starting bq-writer and mqtt-bridge");
  await Promise.all([pipeline.startWriter(), pipeline.startBridge()]);
  for (const file of fleetFiles) {
    if (stop.aborted) return;
    display.step(`starting the devices of ${file}`);
    await pipeline.startFleet(file);
  }
}

/** Looks about once a second until it is time to stop. Gives the name of a program that was given up, if there is one. */
async function watch(
  pipeline: Pipeline,
  { directory, durationMs = Infinity }: DemoOptions,
  display: DemoDisplay,
  stop: AbortSignal,
): Promise<string | undefined> {
  const startMs = systemClock.monotonicMs();
  const elapsedMs = (): number => systemClock.monotonicMs() - startMs;
  const restarts = new Restarts(systemClock);
  for (const { name } of pipeline.programs) restarts.started(name);
  let before: Snapshot | undefined;
  while (!stop.aborted && elapsedMs() < durationMs) {
    const lookedAtMs = elapsedMs();
    const givenUp = await revive(pipeline, restarts, display);
    if (givenUp !== undefined) return givenUp;
    publishEndpoints(directory, endpointsOf(pipeline));
    const leftMs = Math.min(durationMs - elapsedMs(), LONGEST_LOOK_MS);
    const now = await within(look(pipeline, display), leftMs, stop);
    if (now !== undefined) display.look(now, before, elapsedMs());
    before = now ?? before;
    const nextMs = Math.min(lookedAtMs + pauseMs(elapsedMs() - lookedAtMs), durationMs);
    await systemClock.sleep(Math.max(0, nextMs - elapsedMs()), stop).catch(() => undefined);
  }
  return undefined;
}

/** Starts what has ended by itself. Gives the name of what ended too often. */
async function revive(pipeline: Pipeline, restarts: Restarts, display: DemoDisplay): Promise<string | undefined> {
  for (const program of pipeline.programs.filter(({ process }) => !process.isRunning)) {
    const { name, process: ended } = program;
    for (let isRunning = false; !isRunning;) {
      const { code, signal } = await ended.exited;
      if (!restarts.ended(name)) return name;
      display.note(`${name} ended by itself (${signal ?? code ?? "?"}), starting it again; its log: ${ended.logPath}`);
      if ("ledgerFile" in program)
        display.note(`  what ${name} has sent until now is in no ledger: the audit will not know it`);
      restarts.started(name);
      isRunning = await pipeline.restart(program).then(
        () => true,
        (error: unknown) => {
          display.note(`${name} did not start: ${toError(error).message}`);
          return false;
        },
      );
    }
  }
  return undefined;
}

/** `undefined` if a program does not answer because it hangs, or has ended just now: the next look will know. */
async function look({ observer, programs }: Pipeline, display: DemoDisplay): Promise<Snapshot | undefined> {
  try {
    return await observer.look(programs);
  } catch (error) {
    if (error instanceof NoAnswer) display.note(error.message);
    else if (programs.every(({ process }) => process.isRunning)) throw error;
    return undefined;
  }
}

/** `undefined` after `ms` or as soon as `stop` aborts: a part that hangs must not outlast what the person asks for. */
async function within<T>(work: Promise<T>, ms: number, stop: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const over = systemClock.sleep(ms, AbortSignal.any([stop, done.signal])).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, over]);
  } finally {
    done.abort();
  }
}

/** From the beginning of a look that took so long to the beginning of the next one. */
function pauseMs(lookMs: number): number {
  return Math.max(LOOK_INTERVAL_MS, lookMs / LOOK_SHARE);
}

function endpointsOf({
  servers: { mosquitto, kafka, bigQuery },
  programs,
}: Pipeline): Parameters<typeof publishEndpoints>[1] {
  return {
    pid: process.pid,
    mqttUrl: mosquitto.url,
    kafka: kafka.address,
    bigQueryRest: bigQuery.restEndpoint,
    bigQueryGrpc: bigQuery.grpcEndpoint,
    ops: Object.fromEntries(programs.map(({ name, ops }) => [name, ops])),
  };
}
