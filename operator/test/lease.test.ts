import { expect, test } from "vitest";
import { silentLogger } from "#runtime";
import { ManualClock } from "#runtime/manual-clock";
import { type Call, kubeErrors } from "#kubernetes";
import { Lease } from "../kube/lease.ts";

const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2000;
const GONE = kubeErrors.create("NOT_FOUND", "there is none");

/** An API server for one lease, which takes writes, or takes them and never answers. */
class LeaseApi {
  isSilent = false;
  writes = 0;
  #object: unknown;

  call<T>({ method, body, signal }: Call): Promise<T> {
    if (this.isSilent)
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    if (method === "GET" && this.#object === undefined) return Promise.reject(GONE);
    if (method !== "GET") {
      this.#object = body;
      this.writes += 1;
    }
    return Promise.resolve(this.#object as T);
  }
}

async function holding(): Promise<{ api: LeaseApi; clock: ManualClock; lease: Lease }> {
  const [api, clock] = [new LeaseApi(), new ManualClock()];
  const lease = new Lease({
    ...{ api, clock, log: silentLogger, namespace: "n", name: "l", identity: "a" },
    ...{ durationMs: 15_000, renewDeadlineMs: RENEW_DEADLINE_MS, retryMs: RETRY_MS },
  });
  await lease.acquire(new AbortController().signal);
  return { api, clock, lease };
}

test("is renewed as long as the API server answers", async () => {
  const { api, clock, lease } = await holding();
  const stop = new AbortController();
  const kept = lease.keep(stop.signal);
  await clock.advance(10 * RENEW_DEADLINE_MS);
  expect([lease.isHeld, api.writes]).toEqual([true, 1 + (10 * RENEW_DEADLINE_MS) / RETRY_MS]);
  stop.abort();
  expect(await kept).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test("ends at its deadline, however long the API server takes for an answer", async () => {
  const { api, clock, lease } = await holding();
  const kept = lease.keep(new AbortController().signal);
  await clock.advance(3 * RETRY_MS);
  api.isSilent = true;
  await clock.advance(RENEW_DEADLINE_MS - 1);
  expect(lease.isHeld).toBe(true);
  await clock.advance(1);
  expect(lease.isHeld).toBe(false);
  expect(await kept).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});
