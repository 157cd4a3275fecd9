/** A timer that was started by a {@link Clock}. Clearing twice, or after it fired, does nothing. */
export interface Timer {
  clear(): void;
}

/** Time as a parameter: whoever waits or stamps gets a clock, so that a test can move it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch, UTC. May jump when the machine's clock is set. */
  nowMs(): number;
  /** Wall clock in microseconds; always agrees with {@link nowMs} to the millisecond. */
  nowMicros(): bigint;
  /** Milliseconds that never go back; for durations and deadlines, without meaning as a date. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`. */
  setTimer(ms: number, callback: () => void): Timer;
  /** Calls back every `ms` until cleared. */
  setInterval(ms: number, callback: () => void): Timer;
}

/** Sleeps on any clock's timers; shared by the real and the manual clock. */
export function sleepOn(clock: Pick<Clock, "setTimer">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.clear();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The machine's clock. This file is the only one that may read it. */
class SystemClock implements Clock {
  #wallAnchorMs = Date.now();
  #monotonicAnchorMs = performance.now();

  nowMs(): number {
    return Date.now();
  }

  /** The microseconds come from the monotonic clock and are pulled back whenever they leave the wall clock's ms. */
  nowMicros(): bigint {
    const wallMs = Date.now();
    const monotonicMs = performance.now();
    const estimateMs = this.#wallAnchorMs + monotonicMs - this.#monotonicAnchorMs;
    const preciseMs = Math.min(Math.max(estimateMs, wallMs), wallMs + 0.999);
    if (preciseMs !== estimateMs) {
      this.#wallAnchorMs = preciseMs;
      this.#monotonicAnchorMs = monotonicMs;
    }
    return BigInt(Math.floor(preciseMs * 1000));
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  setTimer(ms: number, callback: () => void): Timer {
    const handle = setTimeout(callback, ms);
    return { clear: () => clearTimeout(handle) };
  }

  setInterval(ms: number, callback: () => void): Timer {
    const handle = setInterval(callback, ms);
    return { clear: () => clearInterval(handle) };
  }
}

/** The real time. Programs pass it down from `main.ts`; nothing else imports it for its own use. */
export const systemClock: Clock = new SystemClock();
