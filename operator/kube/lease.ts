import type { Clock, Logger } from "#runtime";
import { type KubeApi, kubeErrors, type KubeObject, LEASE, pathOf } from "#kubernetes";
import { read } from "./apply.ts";

interface LeaseObject extends KubeObject {
  readonly spec: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly leaseTransitions?: number;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
  };
}

export interface LeaseOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  readonly name: string;
  /** Told apart from all others: the pod's name and something random. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A holder that is silent for so long has lost the lease. Default 15 s, as everywhere in Kubernetes. */
  readonly durationMs?: number;
  /** A holder that could not renew for so long gives up by itself. Default two thirds of the duration. */
  readonly renewDeadlineMs?: number;
  /** Time between two looks. Default 2 s. */
  readonly retryMs?: number;
}

/**
 * One leader among several operators: the Lease of https://kubernetes.io/docs/concepts/architecture/leases/.
 *
 * A lease is taken when nobody holds it, or when its record did not change for its whole duration by the own monotonic
 * clock: other machines' clocks are never compared. Every write carries the version that was read, so of two that try
 * one fails. A holder stops before others may take over (`renewDeadlineMs` < `durationMs`); still a pause of the whole
 * process can let two believe in it for a moment, which is harmless here: both would apply the same objects.
 */
export class Lease {
  readonly #options: Required<LeaseOptions>;
  /** What was seen last, and when it began to be so. */
  #seen: { readonly record: string; readonly sinceMs: number } | undefined;
  #held: LeaseObject | undefined;

  constructor(options: LeaseOptions) {
    const durationMs = options.durationMs ?? 15_000;
    this.#options = { durationMs, renewDeadlineMs: (durationMs * 2) / 3, retryMs: 2000, ...options };
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Resolves when the lease is held; rejects with the signal's reason when it aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, log, retryMs } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        if (await this.#tryAcquire()) return;
      } catch (err) {
        if (!kubeErrors.is(err, "CONFLICT")) log.warn({ err }, "the lease cannot be read or written");
      }
      await clock.sleep(retryMs * (1 + Math.random() / 5), signal);
    }
  }

  /** Renews until the signal aborts; resolves with false when the lease is lost, with true at the abort. */
  async keep(signal: AbortSignal): Promise<boolean> {
    const { clock, retryMs, renewDeadlineMs } = this.#options;
    let deadlineMs = clock.monotonicMs() + renewDeadlineMs;
    for (;;) {
      await clock.sleep(Math.min(retryMs, deadlineMs - clock.monotonicMs()), signal).catch(() => undefined);
      if (signal.aborted) return true;
      const startMs = clock.monotonicMs();
      if (startMs >= deadlineMs) break;
      const outcome = await this.#renewWithin(deadlineMs - startMs);
      if (outcome === "lost") break;
      if (outcome === "renewed") deadlineMs = startMs + renewDeadlineMs;
    }
    this.#held = undefined;
    return false;
  }

  /** A call without an answer ends when the lease does: a holder that waits is no holder. */
  async #renewWithin(leftMs: number): Promise<"renewed" | "lost" | "unknown"> {
    const { clock, log } = this.#options;
    const ending = new AbortController();
    const timer = clock.setTimer(leftMs, () => ending.abort(new Error("the lease ends")));
    try {
      await this.#renew(ending.signal);
      return "renewed";
    } catch (err) {
      log.warn({ err }, "the lease was not renewed");
      if (!kubeErrors.is(err, "CONFLICT")) return "unknown";
      return (await this.#isStillOurs(ending.signal)) ? "unknown" : "lost";
    } finally {
      timer.clear();
    }
  }

  /** Lets go, so that another takes over at once. */
  async release(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    await this.#write(held, { ...held.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: this.#now() });
  }

  async #tryAcquire(): Promise<boolean> {
    const { api, namespace, name, identity, clock } = this.#options;
    const lease = await read<LeaseObject>(api, LEASE, namespace, name);
    if (lease === undefined) {
      this.#held = await this.#create();
      return true;
    }
    if (!this.#isFree(lease, clock.monotonicMs())) return false;
    const transitions = (lease.spec.leaseTransitions ?? 0) + (lease.spec.holderIdentity === identity ? 0 : 1);
    this.#held = await this.#write(lease, this.#spec(transitions, this.#now()));
    return true;
  }

  #isFree({ spec }: LeaseObject, nowMs: number): boolean {
    const record = JSON.stringify(spec);
    if (record !== this.#seen?.record) this.#seen = { record, sinceMs: nowMs };
    const holder = spec.holderIdentity ?? "";
    const durationMs = (spec.leaseDurationSeconds ?? 0) * 1000;
    return holder === "" || holder === this.#options.identity || nowMs - this.#seen.sinceMs >= durationMs;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = await this.#write(held, { ...held.spec, renewTime: this.#now() }, signal);
  }

  /** After a conflict: somebody may have touched the object without taking the lease. */
  async #isStillOurs(signal: AbortSignal): Promise<boolean> {
    const { api, namespace, name, identity, log } = this.#options;
    try {
      const lease = await read<LeaseObject>(api, LEASE, namespace, name, signal);
      if (lease?.spec.holderIdentity !== identity) return false;
      this.#held = lease;
    } catch (err) {
      log.warn({ err }, "the lease cannot be read");
    }
    return true;
  }

  #spec(leaseTransitions: number, acquireTime: string): LeaseObject["spec"] {
    const { identity, durationMs } = this.#options;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      leaseTransitions,
      acquireTime,
      renewTime: this.#now(),
    };
  }

  #create(): Promise<LeaseObject> {
    const { api, namespace, name } = this.#options;
    const { apiVersion, kind } = LEASE;
    const body = { apiVersion, kind, metadata: { name, namespace }, spec: this.#spec(0, this.#now()) };
    return api.call({ method: "POST", path: pathOf(LEASE, namespace), body });
  }

  #write(lease: LeaseObject, spec: LeaseObject["spec"], signal?: AbortSignal): Promise<LeaseObject> {
    const { api, namespace, name } = this.#options;
    return api.call({ method: "PUT", path: pathOf(LEASE, namespace, name), body: { ...lease, spec }, signal });
  }

  /** With microseconds, as the API wants it. */
  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString().replace("Z", "000Z");
  }
}
