import { describe, expect, test } from "vitest";
import { errorList, ManualClock, retry, retryDelayMs, retryPolicy, type RetryEvent } from "#runtime";

const errors = errorList({ BUSY: { retryable: true }, BROKEN: { retryable: false } });

/** Runs against a manual clock that is advanced far enough for every pause. */
async function attemptsOf(
  policy: Parameters<typeof retryPolicy>[0],
  outcome: (attempt: number) => Promise<string>,
  signal?: AbortSignal,
) {
  const clock = new ManualClock();
  const events: RetryEvent[] = [];
  let attempts = 0;
  const call = (attempt: number): Promise<string> => {
    attempts += 1;
    return outcome(attempt);
  };
  const result = retry(retryPolicy(policy), call, {
    clock,
    signal,
    onRetry: (event) => events.push(event),
    random: () => 0.5,
  });
  const settled = result.catch((error: unknown) => error);
  await clock.advance(100_000);
  return { attempts, events, outcome: await settled, pending: clock.pendingTimers };
}

describe("retry", () => {
  test("gives the first success and tells each pause before it", async () => {
    const run = await attemptsOf({ initialDelayMs: 100, maxDelayMs: 300 }, (attempt) =>
      attempt < 5 ? Promise.reject(new Error(`no ${attempt}`)) : Promise.resolve("yes"),
    );
    expect(run).toMatchObject({ attempts: 5, outcome: "yes", pending: 0 });
    expect(run.events.map(({ delayMs }) => delayMs)).toEqual([50, 100, 150, 150]);
  });

  test.each([
    { name: "attempts", policy: { maxAttempts: 3 }, attempts: 3 },
    { name: "one attempt", policy: { maxAttempts: 1 }, attempts: 1 },
    // Pauses of 50, 100 and 200 ms fit into 400 ms, the next of 400 ms does not.
    { name: "elapsed time", policy: { maxElapsedMs: 400 }, attempts: 4 },
    { name: "no time at all", policy: { maxElapsedMs: 0 }, attempts: 1 },
  ])("stops at the bound and throws the last error: $name", async ({ policy, attempts }) => {
    const run = await attemptsOf(policy, (attempt) => Promise.reject(new Error(`no ${attempt}`)));
    expect(run.attempts).toBe(attempts);
    expect(run.outcome).toEqual(new Error(`no ${attempts}`));
  });

  test("does not try a final error again", async () => {
    const busyThenBroken = (attempt: number) => Promise.reject(errors.create(attempt === 1 ? "BUSY" : "BROKEN", "no"));
    expect(await attemptsOf({}, busyThenBroken)).toMatchObject({ attempts: 2, outcome: { code: "BROKEN" } });
  });

  test("an abort ends the pause with the signal's reason", async () => {
    const controller = new AbortController();
    const clock = new ManualClock();
    const result = retry(retryPolicy({ initialDelayMs: 1000 }), () => Promise.reject(new Error("no")), {
      clock,
      signal: controller.signal,
    });
    await clock.advance(1);
    controller.abort(new Error("stopping"));
    await expect(result).rejects.toThrow("stopping");
    expect(clock.pendingTimers).toBe(0);
    expect((await attemptsOf({}, () => Promise.resolve("x"), controller.signal)).attempts).toBe(0);
  });

  test("full jitter stays within the growing limit", () => {
    const policy = retryPolicy({ initialDelayMs: 10, maxDelayMs: 1000 });
    for (let attempt = 1; attempt < 2000; attempt += 1) {
      const delayMs = retryDelayMs(policy, attempt, Math.random);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(Math.min(1000, 10 * 2 ** (attempt - 1)));
    }
  });

  test.each([
    [{ initialDelayMs: -1 }, "initialDelayMs"],
    [{ initialDelayMs: 100, maxDelayMs: 99 }, "maxDelayMs must be at least"],
    [{ maxDelayMs: 2 ** 31 }, "longest timer"],
    [{ factor: 0.9 }, "factor"],
    [{ maxAttempts: 0 }, "maxAttempts"],
    [{ maxElapsedMs: NaN }, "maxElapsedMs"],
  ])("refuses the policy %j", (policy, message) => {
    expect(() => retryPolicy(policy)).toThrow(message);
  });
});
