/**
 * Messages per CPU-second of the bridge's process. Readings of about 200 bytes are queued in its persistent session;
 * then it drains them into Kafka. `npx node services/mqtt-bridge/bench/drain.ts [rounds] [node flags for the bridge]`.
 *
 * CPU time is user and system time of the whole process, from the first tenth of the messages to the last, so without
 * its start. "one at a time" is the naive bridge: the same program, with one message outstanding.
 */
import { fileURLToPath } from "node:url";
import { BRIDGE_SUBSCRIPTION, kafkaTopics, telemetryTopic } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { Device, Subscriber } from "#mqtt";
import { silentLogger, systemClock } from "#runtime";
import {
  eventually,
  freePort,
  median,
  ServerProcess,
  startKafka,
  startMosquitto,
  temporaryDirectory,
  type Figure,
  type Kafka,
  type Mosquitto,
} from "#testkit";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const CLIENT_ID = "bridge-bench";
const SENSORS = 200;
const BOOT_ID = "3f2a9c1b5d7e4f60";

interface Variant {
  readonly name: string;
  readonly messages: number;
  readonly environment: Readonly<Record<string, string>>;
}

interface Sample {
  readonly messages: number;
  readonly cpuSeconds: number;
  readonly wallMs: number;
  readonly sends: number;
  readonly rssMiB: number;
}

const BRIDGE: Variant = { name: "bridge", messages: 200_000, environment: {} };
const NAIVE: Variant = { name: "one at a time", messages: 3_000, environment: { MAX_OUTSTANDING: "1" } };

/** What stays the same over all rounds. */
interface Run {
  readonly mosquitto: Mosquitto;
  readonly broker: Kafka;
  readonly rounds: number;
  readonly nodeFlags: readonly string[];
  readonly say: (line: string) => void;
}

/** Measures both bridges, `rounds` times each; `say` is told what is going on. */
export async function benchBridge(
  say: (line: string) => void,
  rounds = 3,
  nodeFlags: readonly string[] = [],
): Promise<Figure[]> {
  const mosquitto = await startMosquitto({ settings: ["allow_anonymous true", "max_inflight_messages 0"] });
  const broker = await startKafka();
  try {
    const admin = kafkaClient({ brokers: [broker.address], clientId: "bench", log: silentLogger }).admin();
    await admin.connect();
    await ensureTopics(admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
    await admin.disconnect();
    const run = { mosquitto, broker, rounds, nodeFlags, say };
    const bridge = await medianRate(BRIDGE, run);
    const naive = await medianRate(NAIVE, run);
    return [
      { name: "messages per CPU-second", value: bridge.rate, unit: "/s", must: "≥ 50000, aim 90000" },
      { name: "messages per CPU-second, one at a time", value: naive.rate, unit: "/s", must: "" },
      { name: "bridge : one at a time", value: bridge.rate / naive.rate, unit: "times", must: "" },
      { name: "memory while draining", value: bridge.rssMiB, unit: "MiB", must: "" },
    ];
  } finally {
    await mosquitto.server[Symbol.asyncDispose]();
    await broker.server[Symbol.asyncDispose]();
  }
}

interface Rate {
  readonly rate: number;
  readonly rssMiB: number;
}

async function medianRate(variant: Variant, run: Run): Promise<Rate> {
  const rates: Rate[] = [];
  for (let round = 1; round <= run.rounds; round += 1) {
    const measured = await rateOf(variant, run);
    run.say(`${variant.name}, round ${round} of ${run.rounds}: ${measured.text}`);
    rates.push(measured);
  }
  return { rate: median(rates.map(({ rate }) => rate)), rssMiB: median(rates.map(({ rssMiB }) => rssMiB)) };
}

async function rateOf(variant: Variant, run: Run): Promise<Rate & { readonly text: string }> {
  await makeSession(run.mosquitto);
  await queue(run.mosquitto, variant.messages);
  const [first, last] = await drain(variant, run);
  const messages = last.messages - first.messages;
  const rate = messages / (last.cpuSeconds - first.cpuSeconds);
  const perSecond = (messages * 1000) / (last.wallMs - first.wallMs);
  const recordsPerSend = messages / (last.sends - first.sends);
  const text = `${rate.toFixed(0)} per CPU-second, ${perSecond.toFixed(0)}/s, ${recordsPerSend.toFixed(0)} records a send`;
  return { rate, rssMiB: last.rssMiB, text };
}

/** A session of the bridge's client id with its subscription, and nobody in it. */
async function makeSession(mosquitto: Mosquitto): Promise<void> {
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

async function queue(mosquitto: Mosquitto, count: number): Promise<void> {
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

/** Two samples: at the first tenth, and at the end. */
async function drain(
  { name, messages, environment }: Variant,
  { mosquitto, broker, nodeFlags }: Run,
): Promise<readonly [Sample, Sample]> {
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
      KAFKA_BROKERS: broker.address,
      OPS_PORT: String(port),
      ...environment,
    },
    isReady: (log) => log.includes("serving probes and metrics"),
  });
  const look = (from: number) => async (): Promise<Sample | undefined> => {
    const seen = await sample(port);
    return seen.messages >= from ? seen : undefined;
  };
  // A look costs the bridge a millisecond or two: not too often.
  const wait = { timeoutMs: 300_000, intervalMs: 250 };
  const first = await eventually(`${name}: a tenth`, look(messages / 10), (seen) => seen !== undefined, wait);
  const last = await eventually(`${name}: all`, look(messages), (seen) => seen !== undefined, wait);
  await bridge.stop();
  if (first === undefined || last === undefined) throw new Error("no sample");
  return [first, last];
}

async function sample(port: number): Promise<Sample> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const read = (metric: string): number => Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
  return {
    messages: read("bridge_readings_total"),
    cpuSeconds: read("process_cpu_seconds_total"),
    wallMs: systemClock.monotonicMs(),
    sends: read("bridge_send_seconds_count"),
    rssMiB: read("process_resident_memory_bytes") / 1024 ** 2,
  };
}

if (import.meta.main) {
  const [rounds = "3", ...nodeFlags] = process.argv.slice(2);
  const figures = await benchBridge((line) => console.log(line), Number(rounds), nodeFlags);
  for (const { name, value, unit } of figures)
    console.log(`${name.padEnd(40)} ${value.toFixed(1).padStart(9)} ${unit}`);
}
