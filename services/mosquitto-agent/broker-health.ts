import type { BrokerFacts } from "./broker-check.ts";
import { refusalOf, type Refusal } from "./broker-refusal.ts";

/** After this time the agent starts again: its login and its CA are read at its start only. */
export const REFUSED_LIMIT_MS = 60_000;

/**
 * The same for an agent that was never let in: its start did not help, so another one is not urgent. Longer than the ten
 * minutes after which a kubelet forgets its growing pauses
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy): in such a pause nobody answers the
 * broker's probes, and the kubelet would restart the broker for the agent's fault.
 */
export const NEVER_LET_IN_LIMIT_MS = 660_000;

const NO_FACTS: BrokerFacts = new Map();

/** What the checks say of the broker, told apart from what they say of the agent. */
export class BrokerHealth {
  #isUp = false;
  #facts = NO_FACTS;
  #refusal: Refusal | undefined;
  #refusedSinceMs = 0;
  #wasLetIn = false;

  /** The broker answers, be it with a refusal. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** What the broker said of itself in the last full check. */
  get facts(): BrokerFacts {
    return this.#facts;
  }

  /** The agent's own fault, as the last check found it. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** A check was full. */
  answered(facts: BrokerFacts): void {
    this.#isUp = true;
    this.#facts = facts;
    this.#refusal = undefined;
    this.#wasLetIn = true;
  }

  /** A check failed, at this time of the monotonic clock. */
  failed(error: unknown, nowMs: number): void {
    const refusal = refusalOf(error);
    if (this.#refusal === undefined) this.#refusedSinceMs = nowMs;
    this.#refusal = refusal;
    this.#isUp = refusal !== undefined;
  }

  /** The refusal lasts so long that the agent should start again. */
  isStuck(nowMs: number): boolean {
    const limitMs = this.#wasLetIn ? REFUSED_LIMIT_MS : NEVER_LET_IN_LIMIT_MS;
    return this.#refusal !== undefined && nowMs - this.#refusedSinceMs > limitMs;
  }
}
