import { retryDelayMs, retryPolicy, toError, type Clock } from "#runtime";
import {
  type Call,
  type KubeApi,
  kubeError,
  kubeErrors,
  type KubeList,
  type KubeObject,
  pathOf,
  type Resource,
} from "#kubernetes";
import { Store } from "./store.ts";

export interface InformerOptions<T extends KubeObject> {
  readonly api: Pick<KubeApi, "call" | "lines">;
  readonly resource: Resource;
  readonly namespace: string;
  readonly labelSelector?: string | undefined;
  readonly clock: Clock;
  /** Told of each object that is new, changed or gone; only to be noted, it must not throw or wait. */
  readonly onChange: (object: T) => void;
  readonly onError?: (error: Error) => void;
  /** Told at each list and each watch. */
  readonly onRequest?: (kind: "list" | "watch") => void;
  readonly limits?: Partial<InformerLimits>;
}

export interface InformerLimits {
  /** Objects of one page of a list. */
  readonly pageSize: number;
  /** A watch without a byte for so long counts as dead; the server sends a bookmark about every minute. */
  readonly silenceMs: number;
  /** The server ends a watch after so long, or half as much again. */
  readonly watchMs: number;
  /** The insurance against events that never came: so often everything is listed anew. */
  readonly relistMs: number;
  /** Watches do not begin more often: a server that ends each at once is not stormed. */
  readonly watchGapMs: number;
}

const LIMITS: InformerLimits = {
  pageSize: 500,
  silenceMs: 150_000,
  watchMs: 300_000,
  relistMs: 600_000,
  watchGapMs: 1000,
};

const BACKOFF = retryPolicy({ initialDelayMs: 200, maxDelayMs: 15_000 });

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject & { readonly code?: number };
}

/**
 * Keeps a {@link Store} like the API server's own, by list and watch:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * It never ends by itself. Any error is followed by another attempt, with growing, random pauses up to 15 s. It lists
 * anew when its version is too old (410, as an answer or as an event), and every ten minutes in any case; what is missing
 * in a list was deleted meanwhile, and is told as such. A watch that ends goes on where it was; one that is silent for too
 * long is replaced. While the API server is away the store keeps what was known last.
 */
export class Informer<T extends KubeObject> {
  readonly store = new Store<T>();
  readonly #options: InformerOptions<T>;
  readonly #limits: InformerLimits;
  readonly #synced = Promise.withResolvers<undefined>();
  #version: string | undefined;
  #listedAtMs = 0;
  #failures = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Resolves when the first list is complete. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const startMs = clock.monotonicMs();
      try {
        await this.#listIfNeeded(signal);
        await this.#watch(signal);
        await pause(clock, this.#limits.watchGapMs - (clock.monotonicMs() - startMs), signal);
      } catch (thrown) {
        if (isOver()) return;
        if (kubeErrors.is(thrown, "GONE")) this.#version = undefined;
        this.#failures += 1;
        onError?.(toError(thrown));
        await pause(clock, retryDelayMs(BACKOFF, this.#failures, Math.random), signal);
      }
    }
  }

  async #listIfNeeded(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const isOld = clock.monotonicMs() - this.#listedAtMs >= this.#limits.relistMs;
    if (this.#version !== undefined && !isOld) return;
    const { items, version } = await this.#list(signal);
    this.#replace(items);
    this.#version = version;
    this.#listedAtMs = clock.monotonicMs();
    this.#synced.resolve(undefined);
  }

  async #list(signal: AbortSignal): Promise<{ items: T[]; version: string }> {
    const items: T[] = [];
    let page: string | undefined;
    for (;;) {
      this.#options.onRequest?.("list");
      const list: KubeList = await this.#options.api.call<KubeList>(
        this.#get({ limit: this.#limits.pageSize, continue: page }, signal),
      );
      // The items of a list do not say what they are.
      const { apiVersion, kind } = this.#options.resource;
      for (const item of list.items) items.push({ ...item, apiVersion, kind } as T);
      page = list.metadata.continue === "" ? undefined : list.metadata.continue;
      if (page === undefined) return { items, version: list.metadata.resourceVersion ?? "" };
    }
  }

  #replace(items: readonly T[]): void {
    const names = new Set(items.map(({ metadata }) => metadata.name));
    for (const { metadata } of this.store.all()) if (!names.has(metadata.name)) this.#forget(metadata.name);
    for (const item of items) this.#learn(item);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    this.#options.onRequest?.("watch");
    const seconds = Math.ceil((this.#limits.watchMs * (1 + Math.random() / 2)) / 1000);
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion: this.#version, timeoutSeconds: seconds };
    for await (const line of this.#options.api.lines(this.#get(query, signal), this.#limits.silenceMs)) {
      this.#onEvent(JSON.parse(line) as WatchEvent);
      this.#failures = 0;
    }
  }

  #onEvent({ type, object }: WatchEvent): void {
    if (type === "ERROR") throw kubeError(object.code ?? 500, object);
    if (type === "DELETED") this.#forget(object.metadata.name, object as unknown as T);
    else if (type !== "BOOKMARK") this.#learn(object as unknown as T);
    this.#version = object.metadata.resourceVersion;
  }

  #learn(object: T): void {
    if (this.store.set(object)) this.#options.onChange(object);
  }

  #forget(name: string, last?: T): void {
    const known = this.store.delete(name);
    const gone = last ?? known;
    if (gone !== undefined) this.#options.onChange(gone);
  }

  #get(query: Call["query"] & object, signal: AbortSignal): Call {
    const { resource, namespace, labelSelector } = this.#options;
    return { method: "GET", path: pathOf(resource, namespace), query: { ...query, labelSelector }, signal };
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0 && !signal.aborted) await clock.sleep(ms, signal).catch(() => undefined);
}
