/**
 * CPU and memory of the simulator's process alone: 2,000 devices with one reading a second each, against a real
 * Mosquitto with one subscriber. `npx node services/simulator/bench/paced.ts [rounds] [node flags for the simulator]`.
 *
 * CPU is user and system time of the whole process over 20 s, once all devices are connected. The subscriber here only
 * counts, so that the broker delivers.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Subscriber } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import { freePort, ServerProcess, startMosquitto, temporaryDirectory, type Figure, type Mosquitto } from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
/** As the README recommends for thousands of devices. */
const RECOMMENDED_FLAGS = ["--max-semi-space-size=8"];
const DEVICES = 2000;
const MEASURED_MS = 20_000;

interface Sample {
  readonly atMs: number;
  readonly acknowledged: number;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
  readonly publishSeconds: number;
}

/** One run; the figures of `make bench`. */
export async function benchSimulator(
  say: (line: string) => void,
  nodeFlags: readonly string[] = RECOMMENDED_FLAGS,
): Promise<Figure[]> {
  const mosquitto = await startMosquitto();
  const subscriber = countingSubscriber(mosquitto);
  try {
    say(`${DEVICES} devices, one reading a second each`);
    const [first, last] = await measure(mosquitto, nodeFlags);
    const seconds = (last.atMs - first.atMs) / 1000;
    const readings = last.acknowledged - first.acknowledged;
    return [
      figure("CPU at 2,000 readings/s", (100 * (last.cpuSeconds - first.cpuSeconds)) / seconds, "% core", "< 25"),
      figure("RSS at 2,000 devices", last.rssMiB, "MiB", "< 250"),
      figure("readings acknowledged", readings / seconds, "/s", ""),
      figure("publish to PUBACK, mean", (1000 * (last.publishSeconds - first.publishSeconds)) / readings, "ms", ""),
    ];
  } finally {
    await subscriber.close();
    await mosquitto.server[Symbol.asyncDispose]();
  }
}

function figure(name: string, value: number, unit: string, must: string): Figure {
  return { name, value, unit, must };
}

function countingSubscriber({ url }: Mosquitto): Subscriber {
  const subscriber: Subscriber = new Subscriber({
    connection: { url, clientId: "bench", keepaliveSeconds: 60, sessionExpirySeconds: 60 },
    filter: "sensors/+/+/+/telemetry",
    mode: "subscribe",
    maxOutstanding: 60_000,
    maxOutstandingBytes: 64 * 1024 * 1024,
    clock: systemClock,
    log: silentLogger,
    onMessage: () => queueMicrotask(() => subscriber.confirm(1)),
    onFatal: (error) => {
      throw error;
    },
  });
  subscriber.start();
  return subscriber;
}

async function measure(mosquitto: Mosquitto, nodeFlags: readonly string[]): Promise<readonly [Sample, Sample]> {
  const port = await freePort();
  const directory = temporaryDirectory("simulator-bench");
  const fleetFile = join(directory, "fleet.yaml");
  writeFileSync(fleetFile, `name: bench\ndevices: ${DEVICES}\ninterval: 1s\nconnectsPerSecond: 1000\n`);
  const simulator = await ServerProcess.start({
    name: "simulator",
    command: process.execPath,
    args: [...nodeFlags, MAIN],
    directory,
    isTemporary: true,
    environment: { FLEET_FILE: fleetFile, MQTT_URL: mosquitto.url, OPS_PORT: String(port) },
    isReady: (log) => log.includes("all devices are connected"),
  });
  await systemClock.sleep(5000);
  const first = await sample(port);
  await systemClock.sleep(MEASURED_MS);
  const last = await sample(port);
  await simulator.stop();
  return [first, last];
}

async function sample(port: number): Promise<Sample> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const read = (metric: string): number => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
  return {
    atMs: systemClock.monotonicMs(),
    acknowledged: read("simulator_readings_acknowledged_total"),
    cpuSeconds: read("process_cpu_seconds_total"),
    rssMiB: read("process_resident_memory_bytes") / 1024 ** 2,
    publishSeconds: read("simulator_publish_seconds_sum"),
  };
}

if (import.meta.main) {
  const [rounds = "3", ...nodeFlags] = process.argv.slice(2);
  for (let round = 1; round <= Number(rounds); round += 1)
    console.table(await benchSimulator(console.log, nodeFlags.length === 0 ? undefined : nodeFlags));
}
