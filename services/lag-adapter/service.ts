import { kafkaClient } from "#kafka";
import { retry, retryPolicy, type RunningService, type ServiceContext } from "#runtime";
import type { Series } from "./api/external-metrics.ts";
import { startApi } from "./api/start.ts";
import { lagMetricNames, targetsOf, type LagConfig } from "./config.ts";
import type { Held } from "./held-value.ts";
import { LagWatch, type GroupLag } from "./lag-watch.ts";
import { lagMetrics } from "./metrics.ts";

const CONNECT_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/**
 * Builds the adapter from its configuration and runs it. It is ready after the first good read of every target, and
 * stays so when Kafka goes away later: an API that is not ready breaks discovery for the whole cluster, and keeps every
 * namespace that is deleted in Terminating. Who asks for a lag that is not known gets an error instead.
 */
export async function startLagAdapter(context: ServiceContext<LagConfig>): Promise<RunningService> {
  const { config, log, clock, registry, readiness, stopping } = context;
  readiness.notReady("kafka", "no lag was read yet");
  const kafka = kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "lag-adapter", log });
  const admin = kafka.admin();
  const watches = targetsOf(config).map((target) => new LagWatch({ target, admin, clock, log, holdMs: config.HOLD }));
  lagMetrics(registry, watches);
  const api = await startApi(context, watches.flatMap(seriesOf));
  await retry(CONNECT_RETRY, () => admin.connect(), { clock, signal: stopping });
  const end = new AbortController();
  const watching = watch(watches, context, end.signal);
  return {
    stop: async () => {
      end.abort(new Error("stopping"));
      await Promise.all([watching, api?.stop()]);
      await admin.disconnect();
    },
  };
}

/** What the API serves of a group, under the same names and from the same place as the gauges. */
function seriesOf(watch: LagWatch): Series[] {
  const labels = { ...watch.target };
  const series = (metric: string, value: (lag: GroupLag) => number | undefined): Series => ({
    metric,
    labels,
    read: () => mapped(watch.read(), value),
  });
  return [
    series(lagMetricNames.records, ({ records }) => records),
    series(lagMetricNames.seconds, ({ ageSeconds }) => ageSeconds),
    series(lagMetricNames.appendRate, ({ appendRate }) => appendRate),
  ];
}

function mapped(held: Held<GroupLag>, value: (lag: GroupLag) => number | undefined): Held<number> {
  if (held.kind === "unknown") return held;
  const now = value(held.value);
  return now === undefined ? { kind: "unknown", reason: "read once so far" } : { ...held, value: now };
}

/** Asks again and again, one target after the other: they share a connection, and nobody waits for them. */
async function watch(
  watches: readonly LagWatch[],
  { clock, config, readiness }: ServiceContext<LagConfig>,
  end: AbortSignal,
): Promise<void> {
  let isReady = false;
  while (!end.aborted) {
    for (const each of watches) await each.poll();
    const unknown = watches.find((each) => each.read().kind === "unknown");
    isReady ||= unknown === undefined;
    if (isReady) readiness.ready("kafka");
    else readiness.notReady("kafka", `the lag of ${nameOf(unknown)} is not known`);
    await clock.sleep(config.POLL_INTERVAL, end).catch(() => undefined);
  }
}

function nameOf(watch: LagWatch | undefined): string {
  return watch === undefined ? "" : `${watch.target.group} in ${watch.target.topic}`;
}
