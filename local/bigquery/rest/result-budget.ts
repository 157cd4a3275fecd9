import { ApiError } from "./api-error.ts";

/** Bounds on all results together that are kept for reading. */
export interface ResultLimits {
  readonly memoryBytes: number;
  readonly spoolBytes: number;
}

/**
 * Counts the bytes of all kept results. Memory that is used up sends a result to its spool file; a spool that is used
 * up first costs the oldest finished jobs their results, then the growing result its life.
 */
export class ResultBudget {
  readonly #limits: ResultLimits;
  /** Frees the oldest result that is spooled and finished; false if there is none. */
  readonly #evictSpooled: () => boolean;
  #memory = 0;
  #spool = 0;

  constructor(limits: ResultLimits, evictSpooled: () => boolean) {
    this.#limits = limits;
    this.#evictSpooled = evictSpooled;
  }

  get spooledBytes(): number {
    return this.#spool;
  }

  /** Takes memory if there is enough; the caller gives back exactly what it took. */
  tryTakeMemory(bytes: number): boolean {
    if (this.#memory + bytes > this.#limits.memoryBytes) return false;
    this.#memory += bytes;
    return true;
  }

  giveMemory(bytes: number): void {
    this.#memory -= bytes;
  }

  takeSpool(bytes: number): void {
    while (this.#spool + bytes > this.#limits.spoolBytes) {
      if (!this.#evictSpooled()) {
        throw new ApiError(
          "responseTooLarge",
          "Response too large to return: the result exceeds what can be kept.",
          "q",
        );
      }
    }
    this.#spool += bytes;
  }

  giveSpool(bytes: number): void {
    this.#spool -= bytes;
  }
}
