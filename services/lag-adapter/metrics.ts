import { Gauge, type Registry } from "prom-client";
import { lagMetricNames } from "./config.ts";
import type { GroupLag, LagWatch } from "./lag-watch.ts";

/**
 * Registers the lags. They are read from where the HPA's answers come from, so a dashboard and the HPA cannot disagree. A
 * lag that is not known has no series: neither 0 nor the last value for ever.
 */
export function lagMetrics(registry: Registry, watches: readonly LagWatch[]): void {
  gauge(
    registry,
    watches,
    lagMetricNames.records,
    "Records that the group has not committed yet.",
    ({ records }) => records,
  );
  gauge(
    registry,
    watches,
    lagMetricNames.seconds,
    "How long the oldest of these has waited, as far back as this process has looked.",
    ({ ageSeconds }) => ageSeconds,
  );
  gauge(
    registry,
    watches,
    lagMetricNames.appendRate,
    "Records per second that the topic has got, over the last minute.",
    ({ appendRate }) => appendRate,
  );
  const known = new Gauge({
    name: "kafka_consumer_lag_known",
    help: "1 while the lag is known, 0 while it is not: the HPA then gets an error and keeps its replicas.",
    labelNames: ["group", "topic"],
    registers: [registry],
    collect: () => {
      for (const { target, lag } of named(watches)) known.set({ ...target }, lag === undefined ? 0 : 1);
    },
  });
}

function gauge(
  registry: Registry,
  watches: readonly LagWatch[],
  name: string,
  help: string,
  value: (lag: GroupLag) => number | undefined,
): void {
  const metric = new Gauge({
    name,
    help,
    labelNames: ["group", "topic"],
    registers: [registry],
    collect: () => {
      metric.reset();
      for (const { target, lag } of named(watches)) {
        const now = lag === undefined ? undefined : value(lag);
        if (now !== undefined) metric.set({ ...target }, now);
      }
    },
  });
}

function named(watches: readonly LagWatch[]): { target: LagWatch["target"]; lag: GroupLag | undefined }[] {
  return watches.map((watch) => {
    const held = watch.read();
    return { target: watch.target, lag: held.kind === "known" ? held.value : undefined };
  });
}
