/** What the autoscaler of the writer is made of. */
export interface HpaInputs {
  readonly rowsPerSecond: number;
  readonly drainSeconds: number;
  readonly maxReplicas: number;
  readonly scaleDownStabilizationSeconds: number;
  readonly scaleDownPeriodSeconds: number;
}

/** To be refined. */
export function hpaSettings(inputs: HpaInputs) {
  return {
    minReplicas: 1,
    maxReplicas: inputs.maxReplicas,
    averageValue: String(inputs.rowsPerSecond * inputs.drainSeconds),
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
        policies: [{ type: "Pods", value: 1, periodSeconds: inputs.scaleDownPeriodSeconds }],
      },
    },
  };
}
