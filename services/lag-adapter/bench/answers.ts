/**
 * How long the adapter takes to answer over TLS, with a client certificate as the API server's aggregator has it:
 * `npx node services/lag-adapter/bench/answers.ts [requests]`. Kafka is real; the API server that is asked who may do
 * what is a scripted one on the same machine, over a connection of its own for each question: by kubeconfig it is made
 * anew, in a pod it is kept.
 */
import { fileURLToPath } from "node:url";
import { kafkaTopics } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { startKafka, type Figure } from "#testkit";
import { AdapterProcess } from "../test/adapter-process.ts";
import { Aggregator, BASE, HPA } from "../test/aggregator.ts";

const PATH = `${BASE}/namespaces/smart-home/kafka_consumer_lag?labelSelector=group%3Dbq-writer`;
const WARM_UP = 200;

interface Way {
  readonly name: string;
  readonly parallel: number;
  /** A user that was not asked about before: the API server must be. */
  readonly isNewUser: boolean;
  /** Of the TLS connection, too. */
  readonly isNewConnection: boolean;
}

const WAYS: readonly Way[] = [
  { name: "one after the other", parallel: 1, isNewUser: false, isNewConnection: false },
  { name: "five at a time", parallel: 5, isNewUser: false, isNewConnection: false },
  { name: "with a question who may", parallel: 1, isNewUser: true, isNewConnection: false },
  { name: "that, and a handshake", parallel: 1, isNewUser: true, isNewConnection: true },
];

/** Measures each way with that many requests; `say` is told what is going on. */
export async function benchLagAdapter(say: (line: string) => void, requests = 2000): Promise<Figure[]> {
  const { address, server } = await startKafka({ onProgress: say });
  try {
    return await measureAll(address, say, requests);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function measureAll(address: string, say: (line: string) => void, requests: number): Promise<Figure[]> {
  const admin = kafkaClient({ brokers: [address], clientId: "bench", log: silentLogger }).admin();
  await admin.connect();
  await ensureTopics(admin, [kafkaTopics.readings], { clock: systemClock });
  await admin.disconnect();
  await using adapter = await AdapterProcess.start({ KAFKA_BROKERS: address });
  using aggregator = new Aggregator(() => adapter.apiPort, await adapter.ca.issue({ commonName: "front-proxy" }));
  const figures: Figure[] = [];
  for (const way of WAYS) {
    await measure(aggregator, way, WARM_UP);
    const sorted = (await measure(aggregator, way, requests)).sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)] ?? NaN) as [number, number];
    say(
      `${way.name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, longest ${(sorted.at(-1) ?? NaN).toFixed(1)} ms`,
    );
    figures.push({ name: `answer, ${way.name}, p99`, value: p99, unit: "ms", must: way.isNewUser ? "" : "< 20" });
  }
  return figures;
}

let users = 0;

/** Milliseconds of each request. */
async function measure(aggregator: Aggregator, way: Way, requests: number): Promise<number[]> {
  const times: number[] = [];
  const one = async (): Promise<void> => {
    const headers = way.isNewUser ? { ...HPA, "x-remote-user": `user-${(users += 1)}` } : HPA;
    // An idle connection that is gone is made anew, with its whole handshake.
    if (way.isNewConnection) aggregator.forget();
    const startMs = performance.now();
    const { status } = await aggregator.get(PATH, { headers });
    times.push(performance.now() - startMs);
    if (status !== 200) throw new Error(`the adapter answered ${status}`);
  };
  const worker = async (): Promise<void> => {
    while (times.length < requests) await one();
  };
  await Promise.all(Array.from({ length: way.parallel }, worker));
  return times;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  console.table(await benchLagAdapter(say, Number(process.argv[2] ?? 2000)));
}
