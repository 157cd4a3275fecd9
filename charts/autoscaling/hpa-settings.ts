import type { Behavior } from "./hpa-model.ts";

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
  readonly behavior: Behavior;
}

/**
 * The autoscaler of the writer, as plain data.
 *
 * The target is the lag that one writer drains in `drainSeconds`: 1,000 rows/s x 15 s = 15,000 records. A smaller one
 * would scale on what is merely under way: a writer commits once a second and holds up to some seconds of rows.
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
