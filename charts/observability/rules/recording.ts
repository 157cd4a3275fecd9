import { lagMetricNames } from "../../../services/lag-adapter/config.ts";
import { hpaSettings } from "../../autoscaling/hpa-settings.ts";
import type { Profile } from "../../profile.ts";
import type { RecordingRule } from "./rule.ts";

/** Names of the recorded series, for alerts and dashboards. */
export const recorded = {
  acknowledgedRate: "smart_home:readings_acknowledged:rate1m",
  receivedRate: "smart_home:messages_received:rate1m",
  confirmedRate: "smart_home:readings_confirmed:rate1m",
  storedRate: "smart_home:rows_stored:rate1m",
  rejectedShare: "smart_home:messages_rejected:share5m",
  lagRecords: "smart_home:consumer_lag_records",
  lagSeconds: "smart_home:consumer_lag_seconds",
  appendRate: "smart_home:topic_append_rate",
  fleetConnected: "smart_home:fleet_connected:ratio",
  writersAskedByLag: "smart_home:writers_asked_by_lag",
  writersAskedByRate: "smart_home:writers_asked_by_rate",
  writersAsked: "smart_home:writers_asked",
} as const;

/** The rates of the four stations that a reading passes. A part that is away counts as 0, or the rates would have gaps. */
export const pipelineRules: readonly RecordingRule[] = [
  rate(recorded.acknowledgedRate, "simulator_readings_acknowledged_total"),
  rate(recorded.receivedRate, "bridge_received_total"),
  rate(recorded.confirmedRate, "bridge_readings_total"),
  rate(recorded.storedRate, "writer_rows_stored_total"),
  {
    record: recorded.rejectedShare,
    // No messages: no share. Dividing by 0 gives NaN, which would look like a value.
    expr: "sum(rate(bridge_rejected_total[5m])) / (sum(rate(bridge_received_total[5m])) > 0)",
  },
  // Several lag adapters see the same lag, each a little later or earlier.
  ...(
    [
      [recorded.lagRecords, lagMetricNames.records],
      [recorded.lagSeconds, lagMetricNames.seconds],
      [recorded.appendRate, lagMetricNames.appendRate],
    ] as const
  ).map(([record, metric]) => ({ record, expr: `max by (group, topic) (${metric})` })),
  {
    record: recorded.fleetConnected,
    // Of the devices that the stage has switched on; a fleet that has none has no ratio.
    expr: "sum by (fleet) (simulator_connected) / (sum by (fleet) (simulator_devices_on) > 0)",
  },
];

/**
 * How many writers the autoscaler's metrics ask for, with its own targets; what it really wants comes later and slower, by
 * its tolerance, its windows and its policies.
 */
export function autoscalingRules({ writer }: Profile): readonly RecordingRule[] {
  const { minReplicas, maxReplicas, metrics } = hpaSettings(writer);
  const target = (name: string): string => {
    const found = metrics.find((metric) => metric.name === name);
    if (found === undefined) throw new Error(`the autoscaler does not look at ${name}`);
    return found.averageValue;
  };
  return [
    {
      record: recorded.writersAskedByLag,
      expr: `ceil(${recorded.lagRecords} / ${target(lagMetricNames.records)})`,
    },
    {
      record: recorded.writersAskedByRate,
      expr: `ceil(${recorded.appendRate} / ${target(lagMetricNames.appendRate)})`,
    },
    {
      record: recorded.writersAsked,
      expr: `clamp(max by (group, topic) (${asked("lag", recorded.writersAskedByLag)} or ${asked("rate", recorded.writersAskedByRate)}), ${minReplicas}, ${maxReplicas})`,
    },
  ];
}

function rate(record: string, counter: string): RecordingRule {
  return { record, expr: `sum(rate(${counter}[1m])) or vector(0)` };
}

/** With a label of its own: series with the same labels could not stand side by side. */
function asked(by: string, series: string): string {
  return `label_replace(${series}, "by", "${by}", "", "")`;
}
