import { toError, type Clock, type Logger } from "#runtime";
import { WorkQueue } from "../kube/work-queue.ts";

/** Brings something about, as often as it is called; gives when to look again, in ms, if at all. */
export interface Duty {
  run(): Promise<number | undefined>;
  /** Whether it depends on a Secret or ConfigMap; not given: on each. */
  readonly follows?: (object: string) => boolean;
}

export interface DutiesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** By name, in the order in which they are done at the start. */
  readonly duties: Readonly<Record<string, Duty>>;
  readonly onResult: (durationMs: number, failed: boolean) => void;
}

/** A look at everything that costs next to nothing, against whatever was missed. */
const LOOK_AGAIN_MS = 3_600_000;

/** Many pods wait for what is made here. */
const BACKOFF = { initialDelayMs: 50, maxDelayMs: 15_000 };

/** The duty that fleets and pods concern. */
export const PASSWORDS_DUTY = "passwords";

/** One waits for the API server while the other goes on. */
const WORKERS = 2;

/** So long changes of fleets are gathered: fifty new ones are one new password file, and not fifty. */
const GATHERED_MS = 250;

/** What the operator keeps beside the fleets: each by itself, so that one that cannot be done holds up no other. */
export class Duties {
  readonly #queue: WorkQueue;
  readonly #duties: Readonly<Record<string, Duty>>;

  constructor({ clock, log, duties, onResult }: DutiesOptions) {
    this.#duties = duties;
    this.#queue = new WorkQueue({
      clock,
      workers: WORKERS,
      backoff: BACKOFF,
      work: async (name) => Math.min((await duties[name]?.run()) ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS),
      onResult: (duty, durationMs, err) => {
        onResult(durationMs, err !== undefined);
        if (err !== undefined)
          log.warn({ duty, err: toError(err) }, "a duty could not be done, it will be tried again");
      },
    });
    for (const name of Object.keys(duties)) this.#queue.add(name);
  }

  /** Begins to work. */
  start(): void {
    this.#queue.start();
  }

  /** Resolves when what has begun has ended. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  /** A Secret or ConfigMap is new, changed or gone. */
  onObject(name: string): void {
    for (const [duty, { follows }] of Object.entries(this.#duties))
      if (follows?.(name) !== false) this.#queue.add(duty);
  }

  /** A fleet, or a pod of one, is new, changed or gone. */
  onFleet(): void {
    this.#queue.addAfter(PASSWORDS_DUTY, GATHERED_MS);
  }

  /** A pod of the broker is new, changed or gone. */
  onBroker(): void {
    this.#queue.add(PASSWORDS_DUTY);
  }
}
