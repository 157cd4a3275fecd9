/**
 * From device to stored row: 2,000 devices with one reading a second each through the whole pipeline on this machine.
 * `npx node local/demo/bench/end-to-end.ts`
 *
 * Latency is the writer's own histogram, from the reading's event_time to BigQuery's confirmation, on one clock; CPU is
 * that of each process, all over the same time.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#runtime";
import { eventually, temporaryDirectory, type Figure } from "#testkit";
import { cpuSeconds } from "../../bigquery/bench/process-usage.ts";
import { isClean } from "../audit.ts";
import { Pipeline } from "../pipeline.ts";
import { quantile } from "../quantiles.ts";

const DEVICES = 2000;
const MEASURED_MS = 30_000;
/** The first seconds hold the devices' connecting, the compiling and the takeovers. */
const WARM_UP_MS = 15_000;

export async function benchEndToEnd(say: (line: string) => void): Promise<Figure[]> {
  const directory = temporaryDirectory("end-to-end");
  const fleetFile = join(directory, "fleet.yaml");
  const pipeline = await Pipeline.start(join(directory, "demo"), say);
  try {
    writeFileSync(fleetFile, `name: bench\ndevices: ${DEVICES}\ninterval: 1s\nconnectsPerSecond: 1000\n`);
    await Promise.all([pipeline.startWriter(), pipeline.startBridge()]);
    await pipeline.startFleet(fleetFile);
    const look = () => pipeline.observer.look(pipeline.programs);
    await eventually("all devices", look, ({ connected }) => connected === DEVICES, { timeoutMs: 60_000 });
    await systemClock.sleep(WARM_UP_MS);
    say(`${DEVICES} devices, one reading a second each`);
    const first = await look();
    const cpuBefore = cpuOf(pipeline);
    await systemClock.sleep(MEASURED_MS);
    const cpuAfter = cpuOf(pipeline);
    const last = await look();
    const audits = await pipeline.finish();
    if (!audits.every(isClean)) throw new Error(`not clean: ${JSON.stringify(audits)}`);
    const seconds = (last.atMs - first.atMs) / 1000;
    const latency = (share: number): number => 1000 * (quantile(last.latency, share) ?? NaN);
    return [
      { name: "device to stored row, p50", value: latency(0.5), unit: "ms", must: "< 250" },
      { name: "device to stored row, p99", value: latency(0.99), unit: "ms", must: "< 1000, aim 500" },
      { name: "rows stored", value: (last.inBigQuery - first.inBigQuery) / seconds, unit: "/s", must: "" },
      ...[...cpuAfter].map(([name, after]) => ({
        name: `CPU of ${name}`,
        value: (100_000 * (after - (cpuBefore.get(name) ?? NaN))) / MEASURED_MS,
        unit: "% core",
        must: "",
      })),
    ];
  } finally {
    await pipeline.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Seconds so far, by process. */
function cpuOf({ programs, servers }: Pipeline): Map<string, number> {
  const processes = [
    ...programs.map(({ name, process }) => [name, process] as const),
    ["mosquitto", servers.mosquitto.server.process] as const,
    ["kafka", servers.kafka.server.process] as const,
    ["bigquery", servers.bigQuery.server.process] as const,
  ];
  return new Map(processes.map(([name, { pid }]) => [name, cpuSeconds(pid)]));
}

if (import.meta.main) {
  const figures = await benchEndToEnd((line) => console.log(line));
  for (const { name, value, unit } of figures)
    console.log(`${name.padEnd(30)} ${value.toFixed(1).padStart(9)} ${unit}`);
}
