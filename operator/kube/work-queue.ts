import { retryDelayMs, retryPolicy, toError, type Clock, type RetryPolicy, type Timer } from "#runtime";

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Keys that are worked on at the same time; never the same key twice. */
  readonly workers: number;
  /** Does the work of a key; when it should be done again, in ms, if at all. */
  readonly work: (key: string) => Promise<number | undefined>;
  readonly onResult: (key: string, durationMs: number, error: Error | undefined) => void;
  /** Default: 50 ms doubling to 5 minutes. */
  readonly backoff?: Partial<RetryPolicy>;
  readonly random?: () => number;
}

const BACKOFF = { initialDelayMs: 50, maxDelayMs: 300_000 };

/**
 * Work by key. A key that is added several times before its turn is worked on once; one that is added during its work is
 * worked on once more afterwards: so the last state is always seen. A key whose work fails comes again by itself, with
 * growing, random pauses of its own, and never holds up the others. Holds at most one entry for each key.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #backoff: RetryPolicy;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #timers = new Map<string, { readonly dueMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  #isOpen = false;
  #idle: PromiseWithResolvers<undefined> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#backoff = retryPolicy({ ...BACKOFF, ...options.backoff });
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Keys that are being worked on. */
  get active(): number {
    return this.#working.size;
  }

  /** Begins to work; what was added before waits until then. */
  start(): void {
    this.#isOpen = true;
    this.#fill();
  }

  /** To be worked on as soon as possible. */
  add(key: string): void {
    this.#cancel(key);
    this.#waiting.add(key);
    this.#fill();
  }

  /** To be worked on after a while, or earlier if it is added or due earlier. */
  addAfter(key: string, delayMs: number): void {
    const { clock } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    if (this.#waiting.has(key) || (this.#timers.get(key)?.dueMs ?? Infinity) <= dueMs) return;
    this.#cancel(key);
    const timer = clock.setTimer(delayMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueMs, timer });
  }

  /** Nothing more begins; resolves when what has begun has ended. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    for (const key of this.#timers.keys()) this.#cancel(key);
    if (this.#working.size === 0) return;
    this.#idle ??= Promise.withResolvers<undefined>();
    await this.#idle.promise;
  }

  #fill(): void {
    for (const key of this.#waiting) {
      if (!this.#isOpen || this.#working.size >= this.#options.workers) return;
      if (this.#working.has(key)) continue;
      this.#waiting.delete(key);
      this.#working.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const { clock, work, onResult } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      const againMs = await work(key);
      this.#failures.delete(key);
      onResult(key, clock.monotonicMs() - startMs, undefined);
      if (againMs !== undefined && this.#isOpen) this.addAfter(key, againMs);
    } catch (thrown) {
      const attempt = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, attempt);
      onResult(key, clock.monotonicMs() - startMs, toError(thrown));
      const delayMs = retryDelayMs(this.#backoff, attempt, this.#options.random ?? Math.random);
      if (this.#isOpen) this.addAfter(key, delayMs);
    } finally {
      this.#working.delete(key);
      if (this.#working.size === 0) this.#idle?.resolve(undefined);
      this.#fill();
    }
  }

  #cancel(key: string): void {
    this.#timers.get(key)?.timer.clear();
    this.#timers.delete(key);
  }
}
