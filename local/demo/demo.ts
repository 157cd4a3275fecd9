import { systemClock } from "#runtime";
import { stopServerProcesses } from "#testkit";
import { readFleetFile } from "../../services/simulator/fleet-file.ts";
import type { FleetAudit } from "./audit.ts";
import type { DemoOptions } from "./config.ts";
import { lockData, publishEndpoints, withdrawEndpoints } from "./endpoints.ts";
import type { Snapshot } from "./observer.ts";
import { Pipeline } from "./pipeline.ts";
import type { Program } from "./programs.ts";

/** What the demo shows of itself while it runs. */
export interface DemoDisplay {
  /** A step of the start or the stop. */
  step(text: string): void;
  /** Everything runs; `elapsedMs` counts from here. */
  running(): void;
  /** About once a second. */
  look(now: Snapshot, before: Snapshot | undefined, elapsedMs: number): void;
}

const LOOK_INTERVAL_MS = 1000;
/** A look costs BigQuery time that grows with the rows: it gets at most this share of it. */
const LOOK_SHARE = 0.2;

/**
 * Runs the whole pipeline until `stop` aborts or its time is over, and gives the audit.
 *
 * @throws ConfigError for a wrong fleet file, before anything is started.
 * @throws if a server or a program does not start, or ends before it was told to; everything is stopped then too.
 */
export async function runDemo(options: DemoOptions, display: DemoDisplay, stop: AbortSignal): Promise<FleetAudit[]> {
  const { directory, fleets } = options;
  // Before anything is started: a mistake in a file should not cost a minute.
  for (const file of fleets) readFleetFile(file);
  const release = lockData(directory);
  try {
    return await runPipeline(options, display, stop);
  } finally {
    // What a failed start has left half started.
    await stopServerProcesses();
    release();
  }
}

async function runPipeline(
  { directory, fleets, durationMs }: DemoOptions,
  display: DemoDisplay,
  stop: AbortSignal,
): Promise<FleetAudit[]> {
  const pipeline = await Pipeline.start(directory, (step) => display.step(step));
  try {
    await startPrograms(pipeline, fleets, display, stop);
    publishEndpoints(directory, endpointsOf(pipeline));
    display.running();
    await watch(pipeline, display, durationMs ?? Infinity, stop);
    return await pipeline.finish();
  } finally {
    withdrawEndpoints(directory);
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

/** Looks about once a second until it is time to stop. */
async function watch(pipeline: Pipeline, display: DemoDisplay, durationMs: number, stop: AbortSignal): Promise<void> {
  const { observer, programs } = pipeline;
  const startMs = systemClock.monotonicMs();
  const elapsedMs = (): number => systemClock.monotonicMs() - startMs;
  const died = Promise.race(programs.map(unexpectedEnd));
  died.catch(() => undefined);
  let before: Snapshot | undefined;
  while (!stop.aborted && elapsedMs() < durationMs) {
    const lookedAtMs = elapsedMs();
    const now = await Promise.race([observer.look(programs), died]);
    display.look(now, before, elapsedMs());
    before = now;
    const nextMs = Math.min(lookedAtMs + pauseMs(elapsedMs() - lookedAtMs), durationMs);
    const pause = systemClock.sleep(Math.max(0, nextMs - elapsedMs()), stop).catch(() => undefined);
    await Promise.race([pause, died]);
  }
}

/** From the beginning of a look that took so long to the beginning of the next one. */
function pauseMs(lookMs: number): number {
  return Math.max(LOOK_INTERVAL_MS, lookMs / LOOK_SHARE);
}

async function unexpectedEnd({ name, process: running }: Program): Promise<never> {
  const { code, signal } = await running.exited;
  throw new Error(`${name} ended by itself (${signal ?? code ?? "?"}); its log: ${running.logPath}`);
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
