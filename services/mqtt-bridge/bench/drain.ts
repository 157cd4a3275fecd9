/**
 * Messages per CPU-second of the bridge's process. Readings of about 200 bytes are queued in its persistent session;
 * then it drains them into Kafka. `npx node services/mqtt-bridge/bench/drain.ts [rounds] [node flags for the bridge]`.
 *
 * CPU time is user and system time of the whole process, from the first tenth of the messages to the last, so without
 * its start. "one at a time" is the naive bridge: the same program, with one message outstanding.
 */
import { kafkaTopics } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, median, startKafka, startMosquitto, type Figure, type Kafka, type Mosquitto } from "#testkit";
import { makeSession, queue, sample, startBridge, type Sample } from "./world.ts";

interface Variant {
  readonly name: string;
  readonly messages: number;
  readonly environment: Readonly<Record<string, string>>;
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

/** Two samples: at the first tenth, and at the end. */
async function drain(
  { name, messages, environment }: Variant,
  { mosquitto, broker, nodeFlags }: Run,
): Promise<readonly [Sample, Sample]> {
  const { port, process: bridge } = await startBridge(mosquitto, broker.address, { environment, nodeFlags });
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

if (import.meta.main) {
  const [rounds = "3", ...nodeFlags] = process.argv.slice(2);
  const figures = await benchBridge((line) => console.log(line), Number(rounds), nodeFlags);
  for (const { name, value, unit } of figures)
    console.log(`${name.padEnd(40)} ${value.toFixed(1).padStart(9)} ${unit}`);
}
