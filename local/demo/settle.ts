import type { Clock } from "#runtime";

export interface Settling {
  readonly clock: Clock;
  /** What should not change any more. */
  readonly read: () => Promise<number>;
  /** It may still change after this is reached, for `stillForMs`. */
  readonly isEnough: (value: number) => boolean;
  readonly stillForMs: number;
  /** Given up after so long without a change. */
  readonly patienceMs: number;
}

const INTERVAL_MS = 100;

/** Waits until a number is enough and stands still. False if it stands still without being enough. */
export async function settled({ clock, read, isEnough, stillForMs, patienceMs }: Settling): Promise<boolean> {
  let value = await read();
  let changedMs = clock.monotonicMs();
  for (;;) {
    const stillMs = clock.monotonicMs() - changedMs;
    if (isEnough(value) && stillMs >= stillForMs) return true;
    if (stillMs >= patienceMs) return false;
    await clock.sleep(INTERVAL_MS);
    const next = await read();
    if (next !== value) [value, changedMs] = [next, clock.monotonicMs()];
  }
}
