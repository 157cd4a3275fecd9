import { createRequire } from "node:module";

/**
 * Two corrections of kafkajs 2.2.4, which is frozen upstream. They replace methods of classes that it does not export,
 * so they hold for exactly this version; another one is refused at start.
 */
const PATCHED_VERSION = "2.2.4";

interface RequestQueue {
  readonly pending: readonly unknown[];
}

interface Patchable<Method extends string, Signature> {
  readonly prototype: Record<Method, Signature>;
}

const load = createRequire(import.meta.url);
let isPatched = false;

/** Applies the corrections once per process. Throws if the installed version is another one. */
export function patchKafkajs(): void {
  if (isPatched) return;
  const { version } = load("kafkajs/package.json") as { version: string };
  if (version !== PATCHED_VERSION)
    throw new Error(`kafkajs ${version} is installed, but its corrections are for ${PATCHED_VERSION}: check them anew`);
  stopIdlePolling();
  keepCommittedOffset();
  isPatched = true;
}

/**
 * After every answer the request queue sets a timer for `throttledUntil - now`, a negative number, although nothing
 * waits: a polling loop of 1 ms per connection, 9 to 14 % of a core, and a TimeoutNegativeWarning on Node 24
 * (https://github.com/tulios/kafkajs/issues/1751). Without anything pending there is nothing to look for later: a push
 * while the broker throttles sets its own timer.
 */
function stopIdlePolling(): void {
  const { prototype } = load("kafkajs/src/network/requestQueue/index.js") as Patchable<
    "scheduleCheckPendingRequests",
    (this: RequestQueue) => void
  >;
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this);
  };
}

/**
 * When a fetch is out of range, kafkajs commits -1 or -2 for the partition, past every fence and without metadata. This
 * makes it join the group again instead: the new generation takes the partition over, and the takeover compares the
 * committed offset with the log. The error has the type by which kafkajs knows a rebalance.
 */
function keepCommittedOffset(): void {
  const { prototype } = load("kafkajs/src/consumer/offsetManager/index.js") as Patchable<
    "setDefaultOffset",
    (at: { topic: string; partition: number }) => Promise<never>
  >;
  prototype.setDefaultOffset = ({ topic, partition }) => {
    const error = new Error(`fetch out of range at ${topic}/${partition}: taking the partition over again`);
    return Promise.reject(Object.assign(error, { type: "REBALANCE_IN_PROGRESS" }));
  };
}
