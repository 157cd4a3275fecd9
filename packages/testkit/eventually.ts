import { inspect } from "node:util";
import { systemClock } from "#runtime";

export interface EventuallyOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Pause between two looks, default 50 ms. */
  readonly intervalMs?: number;
}

/**
 * Looks again and again until `holds` is true of what `look` gives, and resolves with that. A look that throws counts
 * as not yet. When the time is over it rejects, with what was expected and what was seen last.
 *
 * @example const rows = await eventually("5 rows are stored", () => count("iot_events"), (rows) => rows === 5);
 */
export async function eventually<T>(
  expectation: string,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean = Boolean,
  { timeoutMs = 10_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    let lastSeen: string;
    let cause: unknown;
    try {
      const seen = await look();
      if (holds(seen)) return seen;
      lastSeen = `last seen: ${inspect(seen, { depth: 4, maxArrayLength: 20 })}`;
    } catch (error) {
      cause = error;
      lastSeen = `the last look failed: ${String(error)}`;
    }
    if (systemClock.monotonicMs() >= deadlineMs)
      throw new Error(`not within ${timeoutMs} ms: ${expectation}; ${lastSeen}`, { cause });
    await systemClock.sleep(intervalMs);
  }
}
