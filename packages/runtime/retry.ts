import type { Clock } from "./clock.ts";
import { isRetryable } from "./errors.ts";

/** When to try again. At least one of the two bounds must be finite, unless `signal` is the only bound on purpose. */
export interface RetryPolicy {
  /** Upper limit of the first pause. */
  readonly initialDelayMs: number;
  /** No pause is longer than this. */
  readonly maxDelayMs: number;
  /** The limit grows by this factor per attempt, at least 1. */
  readonly factor: number;
  /** Calls in total, the first included; `Infinity` for no bound. */
  readonly maxAttempts: number;
  /** No new attempt starts this long after the first; `Infinity` for no bound. */
  readonly maxElapsedMs: number;
}

/** One failed attempt, told before the pause that follows it. */
export interface RetryEvent {
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: (event: RetryEvent) => void;
  /** Default: an {@link AppError} by its `retryable`, everything else yes. */
  readonly shouldRetry?: (error: unknown) => boolean;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
}

/** Fills in defaults (100 ms doubling to 10 s, no bound on attempts or time) and throws a RangeError on nonsense. */
export function retryPolicy(given: Partial<RetryPolicy>): RetryPolicy {
  const policy = {
    initialDelayMs: 100,
    maxDelayMs: 10_000,
    factor: 2,
    maxAttempts: Infinity,
    maxElapsedMs: Infinity,
    ...given,
  };
  const rules: [boolean, string][] = [
    [policy.initialDelayMs >= 0 && Number.isFinite(policy.initialDelayMs), "initialDelayMs must be finite, at least 0"],
    [policy.maxDelayMs >= policy.initialDelayMs, "maxDelayMs must be at least initialDelayMs"],
    [policy.maxDelayMs < 2 ** 31, "maxDelayMs must be below 2^31, the longest timer there is"],
    [policy.factor >= 1 && Number.isFinite(policy.factor), "factor must be finite, at least 1"],
    [policy.maxAttempts >= 1, "maxAttempts must be at least 1"],
    [policy.maxElapsedMs >= 0, "maxElapsedMs must be at least 0"],
  ];
  const broken = rules.filter(([holds]) => !holds).map(([, message]) => message);
  if (broken.length > 0) throw new RangeError(`retry policy: ${broken.join("; ")}`);
  return policy;
}

/** The pause after failed attempt number `attempt` (from 1): full jitter, a random part of a growing, capped limit. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  return random() * Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** (attempt - 1));
}

/**
 * Calls `run` until it succeeds, and throws its last error when the policy's bound is reached or the error is final.
 * An abort ends a pause at once and throws the signal's reason; a running attempt gets the signal and decides itself.
 *
 * Full jitter is the form recommended in https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 * Why not a library: p-retry 9 randomises between once and twice the delay and takes no clock; cockatiel 4 has full
 * jitter but reads its own clock, so no test could count attempts without waiting.
 */
export async function retry<T>(
  policy: RetryPolicy,
  run: (attempt: number, signal: AbortSignal | undefined) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { clock, signal, onRetry, shouldRetry = isRetryable, random = Math.random } = options;
  const startMs = clock.monotonicMs();
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await run(attempt, signal);
    } catch (error) {
      if (signal?.aborted || attempt >= policy.maxAttempts || !shouldRetry(error)) throw error;
      const delayMs = retryDelayMs(policy, attempt, random);
      if (clock.monotonicMs() - startMs + delayMs > policy.maxElapsedMs) throw error;
      onRetry?.({ attempt, delayMs, error });
      await clock.sleep(delayMs, signal);
    }
  }
}
