import { lagMetricNames } from "../../services/lag-adapter/config.ts";
import type { Behavior, HpaSpec } from "./hpa-model.ts";

/** What the autoscaler of the writer is made of. */
export interface HpaInputs {
  /** What one writer stores in a second: `MAX_ROWS_PER_SECOND` where it is set, else what was measured. */
  readonly rowsPerSecond: number;
  /** Time in which a writer drains the lag at the target, when nothing new arrives. */
  readonly drainSeconds: number;
  /** At most the partitions of the topic: a writer without one has nothing to do. */
  readonly maxReplicas: number;
  readonly scaleDownStabilizationSeconds: number;
  readonly scaleDownPeriodSeconds: number;
}

export interface HpaSettings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Records of lag for each writer; a quantity. */
  readonly averageValue: string;
  /** External metrics with their `AverageValue`; whichever asks for more writers counts. */
  readonly metrics: readonly { readonly name: string; readonly averageValue: string }[];
  readonly behavior: Behavior;
}

/** Share of what a writer stores that it is given by plan. */
const UTILIZATION = 0.9;

/**
 * The autoscaler of the writer, as plain data.
 *
 * The target is the lag that one writer drains in `drainSeconds`: 1,000 rows/s x 15 s = 15,000 records. A smaller one
 * would scale on what is merely under way: a writer commits once a second and holds up to some seconds of rows.
 *
 * The second metric is how fast the topic grows, against nine tenths of what a writer stores. The lag alone cannot hold the
 * writers that a lasting load needs: once they have drained it, it asks for one, they go, and it grows again (24 changes of
 * direction in an hour at 2.5 writers' load, see `test/hpa-model.test.ts`). The tenth is what drains what is left.
 *
 * Up: a lag must last for 30 s, which is longer than a rebalance, and short enough for a decision within 60 s (5 s until
 * the adapter sees it, 15 s until the controller asks, 30 s until it is believed). Two writers, or twice as many, in a
 * minute: a writer needs some seconds to take its partitions over, and what it does must be seen before there are more.
 *
 * Down: only when no recommendation of the last minutes was higher, one writer at a time, because each that leaves makes
 * the others rebalance.
 */
export function hpaSettings(inputs: HpaInputs): HpaSettings {
  const target = Math.round(inputs.rowsPerSecond * inputs.drainSeconds);
  if (!(target >= 1)) throw new RangeError("rowsPerSecond and drainSeconds must make at least one record");
  return {
    minReplicas: 1,
    maxReplicas: inputs.maxReplicas,
    averageValue: String(target),
    metrics: [
      { name: lagMetricNames.records, averageValue: String(target) },
      { name: lagMetricNames.appendRate, averageValue: String(Math.ceil(inputs.rowsPerSecond * UTILIZATION)) },
    ],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 30,
        selectPolicy: "Max",
        policies: [
          { type: "Pods", value: 2, periodSeconds: 60 },
          { type: "Percent", value: 100, periodSeconds: 60 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: inputs.scaleDownStabilizationSeconds,
        selectPolicy: "Max",
        policies: [{ type: "Pods", value: 1, periodSeconds: inputs.scaleDownPeriodSeconds }],
      },
    },
  };
}

/** The same for the model. */
export function hpaSpec({ minReplicas, maxReplicas, metrics, behavior }: HpaSettings): HpaSpec {
  return { minReplicas, maxReplicas, targets: metrics.map(({ averageValue }) => Number(averageValue)), behavior };
}
