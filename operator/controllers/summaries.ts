import { get, type IncomingMessage } from "node:http";
import type { Clock } from "#runtime";
import { OPS_PORT } from "./desired.ts";
import type { Pod } from "./pods.ts";

/** What a simulator says of itself at `/summary`. */
export interface PodSummary {
  /** Devices of the pod. */
  readonly devices: number;
  /** Of these, switched on by the stage. */
  readonly on: number;
  readonly connected: number;
  /** Devices without a connection whose last login the broker refused. */
  readonly refused?: number | undefined;
  /** Readings since its start. */
  readonly acknowledged: number;
  /** Hash of the fleet file that it follows. */
  readonly fleetFile: string;
  /** Why it does not follow the latest one. */
  readonly problem?: string | undefined;
}

/** A fleet's pods together. */
export interface FleetSummary {
  readonly answered: number;
  readonly on: number;
  readonly connected: number;
  readonly refused: number;
  readonly messagesPerSecond: number;
  /** Pods that follow the wanted fleet file. */
  readonly upToDate: number;
  readonly problems: readonly string[];
}

/** Asks one pod; rejects if it does not answer. */
export type AskPod = (address: string, path: string) => Promise<unknown>;

const ANSWER_TIMEOUT_MS = 2000;
const MAX_ANSWER_BYTES = 65_536;
const ASKED_AT_ONCE = 16;

/** Asks over HTTP. The image of a fleet is its user's choice, so whoever answers is not trusted to be brief. */
export const askPod: AskPod = async (address, path) => {
  const host = address.includes(":") ? `[${address}]` : address;
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`http://${host}:${OPS_PORT}${path}`, { signal, agent: false }, resolve).on("error", reject);
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`answered ${response.statusCode ?? 0}`);
  }
  return JSON.parse(await bodyOf(response)) as unknown;
};

/** Leaving the loop early ends the connection. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("answered too much");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

interface Sample {
  readonly acknowledged: number;
  readonly atMs: number;
}

/** Gathers what the pods of fleets say, and makes rates of their counters. A pod that does not answer is left out. */
export class Summaries {
  readonly #clock: Clock;
  readonly #ask: AskPod;
  /** By fleet and then by pod (uid). */
  readonly #samples = new Map<string, Map<string, Sample>>();

  constructor(clock: Clock, ask: AskPod) {
    this.#clock = clock;
    this.#ask = ask;
  }

  async gather(fleet: string, pods: readonly Pod[], fileHash: string): Promise<FleetSummary> {
    const before = this.#samples.get(fleet) ?? new Map<string, Sample>();
    const after = new Map<string, Sample>();
    const summaries: PodSummary[] = [];
    let messagesPerSecond = 0;
    const waiting = pods.filter(({ status }) => status?.podIP !== undefined);
    const worker = async (): Promise<void> => {
      for (let pod = waiting.pop(); pod !== undefined; pod = waiting.pop()) {
        const summary = await this.#summaryOf(pod);
        if (summary === undefined) continue;
        const { uid = "" } = pod.metadata;
        const sample = { acknowledged: summary.acknowledged, atMs: this.#clock.monotonicMs() };
        summaries.push(summary);
        after.set(uid, sample);
        messagesPerSecond += rateOf(before.get(uid), sample);
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, worker));
    this.#samples.set(fleet, after);
    const sum = (of: (summary: PodSummary) => number): number => summaries.reduce((total, one) => total + of(one), 0);
    return {
      answered: summaries.length,
      on: sum(({ on }) => on),
      connected: sum(({ connected }) => connected),
      refused: sum(({ refused }) => (typeof refused === "number" ? refused : 0)),
      messagesPerSecond,
      upToDate: sum(({ fleetFile }) => (fleetFile === fileHash ? 1 : 0)),
      problems: [...new Set(summaries.flatMap(({ problem }) => problem ?? []))],
    };
  }

  forget(fleet: string): void {
    this.#samples.delete(fleet);
  }

  async #summaryOf({ status }: Pod): Promise<PodSummary | undefined> {
    try {
      const answer = await this.#ask(status?.podIP ?? "", "/summary");
      return isSummary(answer) ? answer : undefined;
    } catch {
      // A pod that starts, stops or hangs does not answer: it is missing in `answered`, which says enough.
      return undefined;
    }
  }
}

function isSummary(answer: unknown): answer is PodSummary {
  if (typeof answer !== "object" || answer === null) return false;
  const given = answer as Readonly<Record<string, unknown>>;
  const numbers = ["devices", "on", "connected", "acknowledged"].every((name) => Number.isFinite(given[name]));
  return numbers && typeof given["fleetFile"] === "string";
}

/** A counter that fell was started again. */
function rateOf(before: Sample | undefined, { acknowledged, atMs }: Sample): number {
  if (before === undefined || atMs <= before.atMs || acknowledged < before.acknowledged) return 0;
  return ((acknowledged - before.acknowledged) * 1000) / (atMs - before.atMs);
}
