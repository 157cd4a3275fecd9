import { kafkaClient } from "#kafka";
import { retry, retryPolicy, type RunningService, type ServiceContext } from "#runtime";
import { targetsOf, type LagConfig } from "./config.ts";
import { LagWatch } from "./lag-watch.ts";
import { lagMetrics } from "./metrics.ts";

const CONNECT_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/** Builds the adapter from its configuration and runs it; it is ready after the first good read of every target. */
export async function startLagAdapter(context: ServiceContext<LagConfig>): Promise<RunningService> {
  const { config, log, clock, registry, readiness, stopping } = context;
  readiness.notReady("kafka", "no lag was read yet");
  const kafka = kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "lag-adapter", log });
  const admin = kafka.admin();
  const watches = targetsOf(config).map((target) => new LagWatch({ target, admin, clock, log, holdMs: config.HOLD }));
  lagMetrics(registry, watches);
  await retry(CONNECT_RETRY, () => admin.connect(), { clock, signal: stopping });
  const end = new AbortController();
  const watching = watch(watches, context, end.signal);
  return {
    stop: async () => {
      end.abort(new Error("stopping"));
      await watching;
      await admin.disconnect();
    },
  };
}

/** Asks again and again, one target after the other: they share a connection, and nobody waits for them. */
async function watch(
  watches: readonly LagWatch[],
  { clock, config, readiness }: ServiceContext<LagConfig>,
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    for (const each of watches) await each.poll();
    const unknown = watches.find((each) => each.read().kind === "unknown");
    if (unknown === undefined) readiness.ready("kafka");
    else readiness.notReady("kafka", `the lag of ${unknown.target.group} in ${unknown.target.topic} is not known`);
    await clock.sleep(config.POLL_INTERVAL, end).catch(() => undefined);
  }
}
