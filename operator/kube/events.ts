import { randomUUID } from "node:crypto";
import type { Clock, Logger } from "#runtime";
import { EVENT, type KubeApi, type KubeObject, pathOf } from "#kubernetes";

/** One sentence of an object's story, as `kubectl describe` shows it. */
export interface Story {
  readonly type: "Normal" | "Warning";
  /** One word, CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorderOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who tells it. */
  readonly component: string;
  readonly instance: string;
}

interface Told {
  readonly name: string;
  readonly atMs: number;
  readonly firstTimestamp: string;
  count: number;
}

/** The same sentence within this time is counted and not told again. */
const REPEAT_MS = 600_000;
const MAX_REMEMBERED = 2000;
/** What waits to be written while the API server is slow or away; more is logged and forgotten. */
const MAX_WAITING = 100;

/**
 * Writes Events: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/. They are for people:
 * one that cannot be written is logged and forgotten, and nothing waits for it.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** In the order of telling, so that the oldest goes first. */
  readonly #told = new Map<string, Told>();
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  tell(about: KubeObject, story: Story): void {
    const { log } = this.#options;
    if (this.#waiting >= MAX_WAITING) {
      log.warn({ reason: story.reason }, "an event was not written: too many wait for the API server");
      return;
    }
    this.#waiting += 1;
    this.#writing = this.#writing
      .then(() => this.#write(about, story))
      .catch((err: unknown) => log.warn({ err, reason: story.reason }, "an event was not written"))
      .finally(() => (this.#waiting -= 1));
  }

  /** Resolves when all that was told is written, or was given up. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #write(about: KubeObject, story: Story): Promise<void> {
    const { api, clock } = this.#options;
    const key = JSON.stringify([about.metadata.uid, story]);
    const told = this.#told.get(key);
    const now = new Date(clock.nowMs()).toISOString();
    const { namespace = "default" } = about.metadata;
    if (told !== undefined && clock.monotonicMs() - told.atMs < REPEAT_MS) {
      told.count += 1;
      const body = { count: told.count, lastTimestamp: now };
      const contentType = "application/merge-patch+json";
      await api.call({ method: "PATCH", path: pathOf(EVENT, namespace, told.name), body, contentType });
      return;
    }
    const name = `${about.metadata.name}.${randomUUID().slice(0, 13)}`;
    await api.call({ method: "POST", path: pathOf(EVENT, namespace), body: this.#event(about, story, name, now) });
    this.#told.delete(key);
    this.#told.set(key, { name, atMs: clock.monotonicMs(), firstTimestamp: now, count: 1 });
    const oldest = this.#told.keys().next().value;
    if (this.#told.size > MAX_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
  }

  #event(
    { apiVersion, kind, metadata }: KubeObject,
    { type, reason, message }: Story,
    name: string,
    now: string,
  ): unknown {
    const { namespace = "default", uid, resourceVersion } = metadata;
    const { component, instance } = this.#options;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: { apiVersion, kind, name: metadata.name, namespace, uid, resourceVersion },
      type,
      reason,
      message: message.slice(0, 1000),
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
  }
}
