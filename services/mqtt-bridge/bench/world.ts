/** What the bridge's benches share: a session with a queue in the broker, the bridge as a process, and its figures. */
import { fileURLToPath } from "node:url";
import { BRIDGE_SUBSCRIPTION, telemetryTopic } from "#events";
import { Device, Subscriber } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, ServerProcess, temporaryDirectory, type Mosquitto } from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const CLIENT_ID = "bridge-bench";
const SENSORS = 200;
const BOOT_ID = "3f2a9c1b5d7e4f60";

/** What the bridge says of itself at one moment. */
export interface Sample {
  /** Readings that Kafka has confirmed. */
  readonly messages: number;
  /** Messages taken and not confirmed. */
  readonly outstanding: number;
  readonly cpuSeconds: number;
  readonly wallMs: number;
  readonly sends: number;
  readonly rssMiB: number;
}

/** A session of the bridge's client id with its subscription, and nobody in it. */
export async function makeSession(mosquitto: Mosquitto): Promise<void> {
  const subscriber = new Subscriber({
    connection: { url: mosquitto.url, clientId: CLIENT_ID, keepaliveSeconds: 60, sessionExpirySeconds: 3600 },
    filter: BRIDGE_SUBSCRIPTION,
    maxOutstanding: 1,
    maxOutstandingBytes: 1,
    clock: systemClock,
    log: silentLogger,
    onMessage: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  subscriber.start();
  await eventually("a session", () => subscriber.state === "connected");
  await subscriber.close();
}

/** Readings of about 200 bytes, of {@link SENSORS} devices in turn. */
export async function queue(mosquitto: Mosquitto, count: number): Promise<void> {
  const device = await Device.connect({
    connection: { url: mosquitto.url, clientId: "load", keepaliveSeconds: 60, sessionExpirySeconds: 1 },
    maxInFlight: 1000,
    clock: systemClock,
  });
  const topics = Array.from({ length: SENSORS }, (_, index) =>
    telemetryTopic({ tenant: "house", location: "berlin-mitte", sensorId: `sensor-${index}` }),
  );
  for (let from = 0; from < count; from += 1000) {
    const chunk = Array.from({ length: Math.min(1000, count - from) }, (_, offset) => from + offset);
    await Promise.all(chunk.map((seq) => device.publish(topics[seq % SENSORS] ?? "", payload(seq))));
  }
  await device.disconnect();
}

function payload(seq: number): Buffer {
  const reading = {
    v: 1,
    sensor_id: `sensor-${seq % SENSORS}`,
    boot_id: BOOT_ID,
    seq,
    event_time: systemClock.nowMs(),
    location: "berlin-mitte",
    lat: 52.52,
    lon: 13.405,
    temperature_c: 20 + (seq % 1000) / 100,
    humidity_pct: 40.5,
    battery_pct: 88.2,
  };
  return Buffer.from(JSON.stringify(reading));
}

/** The bridge on {@link makeSession}'s session, and the port of its metrics. With flags for Node it may write files here. */
export async function startBridge(
  mosquitto: Mosquitto,
  kafkaAddress: string,
  {
    environment = {},
    nodeFlags = [],
  }: { environment?: Readonly<Record<string, string>>; nodeFlags?: readonly string[] } = {},
): Promise<{ readonly port: number; readonly process: ServerProcess }> {
  const port = await freePort();
  const bridge = await ServerProcess.start({
    name: "bridge",
    command: process.execPath,
    args: [...nodeFlags, MAIN],
    directory: nodeFlags.length > 0 ? process.cwd() : temporaryDirectory("bench"),
    isTemporary: nodeFlags.length === 0,
    environment: {
      MQTT_URL: mosquitto.url,
      MQTT_CLIENT_ID: CLIENT_ID,
      KAFKA_BROKERS: kafkaAddress,
      OPS_PORT: String(port),
      ...environment,
    },
    isReady: (log) => log.includes("serving probes and metrics"),
  });
  return { port, process: bridge };
}

/** One look, which costs the bridge a millisecond or two. */
export async function sample(port: number): Promise<Sample> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const read = (metric: string): number => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
  return {
    messages: read("bridge_readings_total"),
    outstanding: read("bridge_outstanding_messages"),
    cpuSeconds: read("process_cpu_seconds_total"),
    wallMs: systemClock.monotonicMs(),
    sends: read("bridge_send_seconds_count"),
    rssMiB: read("process_resident_memory_bytes") / 1024 ** 2,
  };
}
