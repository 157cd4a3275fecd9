/**
 * What a service still waits for before it may get work. Every condition has a name (`kafka`, `mqtt`) and, while it
 * does not hold, a reason for the operator. Ready means: no condition is open.
 */
export class Readiness {
  readonly #open = new Map<string, string>();

  /** The condition does not hold, and why. */
  notReady(condition: string, reason: string): void {
    this.#open.set(condition, reason);
  }

  /** The condition holds. */
  ready(condition: string): void {
    this.#open.delete(condition);
  }

  get isReady(): boolean {
    return this.#open.size === 0;
  }

  /** Open conditions with their reasons, as `/readyz` shows them. */
  reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#open);
  }
}
