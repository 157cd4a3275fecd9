import type { Ownership } from "#kafka";
import type { Clock, Timer } from "#runtime";
import { encodeMetadata } from "./commit-metadata.ts";
import type { Progress } from "./progress.ts";

export interface CommitterOptions {
  readonly ownership: Ownership;
  readonly progress: Progress;
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly events: { onCommitted(): void };
}

/** Commits a partition's progress on a clock of its own, and when asked. One commit at a time. */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #timer: Timer;
  #committedOffset: number | undefined;
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#timer = options.clock.setInterval(options.commitIntervalMs, () => void this.#commitIfBehind());
  }

  /** There is progress that no commit of this owner holds. */
  get isBehind(): boolean {
    return this.#options.progress.offset !== this.#committedOffset;
  }

  /** Commits the progress of the moment in which the commits before it are done. After a rejection the ownership has ended. */
  commit(): Promise<void> {
    const { progress, ownership, events } = this.#options;
    this.#underWay += 1;
    const commit = this.#last.then(async () => {
      const { offset } = progress;
      await ownership.commit({ offset: BigInt(offset), metadata: encodeMetadata(progress.metadata()) });
      this.#committedOffset = offset;
      events.onCommitted();
    });
    this.#last = commit
      .catch(() => undefined)
      .finally(() => {
        this.#underWay -= 1;
      });
    return commit;
  }

  /** No more commits by the clock. */
  stop(): void {
    this.#timer.clear();
  }

  async #commitIfBehind(): Promise<void> {
    if (!this.isBehind || this.#underWay > 0) return;
    try {
      await this.commit();
    } catch (error) {
      this.#options.ownership.fail(error);
    }
  }
}
