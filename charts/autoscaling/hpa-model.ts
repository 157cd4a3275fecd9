/**
 * What the HPA controller decides, as a pure function, so that settings can be tried on any course of a lag.
 *
 * https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details, and the functions
 * of https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podautoscaler/ that are named below.
 */

export interface Policy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  /** Of several policies the one that changes the most, or the least. */
  readonly selectPolicy: "Max" | "Min" | "Disabled";
  readonly policies: Policy[];
}

export interface Behavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

export interface HpaSpec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** `AverageValue` of each external metric; the one that asks for the most counts. */
  readonly targets: readonly number[];
  readonly behavior: Behavior;
}

/** So often the controller asks and decides, by default. */
export const SYNC_MS = 15_000;

/** A ratio to the target that is that near to 1 changes nothing, by default. */
export const TOLERANCE = 0.1;

interface Stamped {
  readonly atMs: number;
  readonly replicas: number;
}

/** What the controller remembers of an HPA. */
export interface HpaMemory {
  /** What the metric alone asked for. */
  readonly recommendations: readonly Stamped[];
  /** Replicas added, and removed. */
  readonly added: readonly Stamped[];
  readonly removed: readonly Stamped[];
}

/** The controller begins with what is there (`recordInitialRecommendation`). */
export function initialMemory(atMs: number, replicas: number): HpaMemory {
  return { recommendations: [{ atMs, replicas }], added: [], removed: [] };
}

export interface Observation {
  readonly atMs: number;
  /** `spec.replicas` of the target. */
  readonly replicas: number;
  /** Of each metric the sum of its values; `undefined`: an error. */
  readonly metrics: readonly (number | undefined)[];
}

/** One round of the controller: how many replicas there are to be, and what it remembers then. */
export function decide(
  spec: HpaSpec,
  memory: HpaMemory,
  { atMs, replicas, metrics }: Observation,
): { readonly replicas: number; readonly memory: HpaMemory } {
  const { minReplicas, maxReplicas, behavior } = spec;
  if (replicas === 0) return { replicas, memory };
  // Outside of the bounds nothing else counts, and nothing is remembered but the change.
  if (replicas > maxReplicas) return changed(memory, atMs, replicas, maxReplicas);
  if (replicas < minReplicas) return changed(memory, atMs, replicas, minReplicas);
  const wanted = highestRecommendation(replicas, metrics, spec.targets);
  if (wanted === undefined) return { replicas, memory };
  const stable = stabilized(behavior, memory.recommendations, { atMs, replicas, wanted });
  const limited = withinRates(spec, memory, { atMs, replicas, wanted: stable });
  const recommendations = recent([...memory.recommendations, { atMs, replicas: wanted }], atMs, [
    behavior.scaleUp.stabilizationWindowSeconds,
    behavior.scaleDown.stabilizationWindowSeconds,
  ]);
  const periods = [...behavior.scaleUp.policies, ...behavior.scaleDown.policies].map((policy) => policy.periodSeconds);
  const events = { added: recent(memory.added, atMs, periods), removed: recent(memory.removed, atMs, periods) };
  return changed({ recommendations, ...events }, atMs, replicas, limited);
}

/** `computeReplicasForMetrics`: none if no metric is known, or if one is not and the others would have less. */
function highestRecommendation(
  replicas: number,
  metrics: readonly (number | undefined)[],
  targets: readonly number[],
): number | undefined {
  const wanted = targets.map((target, index) => {
    const metric = metrics[index];
    return metric === undefined ? undefined : recommendation(replicas, metric, target);
  });
  const known = wanted.filter((each) => each !== undefined);
  const highest = Math.max(...known);
  if (known.length === 0 || (known.length < wanted.length && highest < replicas)) return undefined;
  return highest;
}

/** `GetExternalPerPodMetricReplicas`: the whole through the target, unless it is near enough. */
export function recommendation(replicas: number, metric: number, targetPerReplica: number): number {
  const ratio = metric / (targetPerReplica * replicas);
  const isNear = 1 - TOLERANCE <= ratio && ratio <= 1 + TOLERANCE;
  return isNear ? replicas : Math.ceil(metric / targetPerReplica);
}

interface Wish {
  readonly atMs: number;
  readonly replicas: number;
  readonly wanted: number;
}

/** `stabilizeRecommendationWithBehaviors`: up to the lowest, down to the highest of what was recommended lately. */
function stabilized(
  { scaleUp, scaleDown }: Behavior,
  past: readonly Stamped[],
  { atMs, replicas, wanted }: Wish,
): number {
  const within = (seconds: number): number[] =>
    past.filter((each) => each.atMs > atMs - seconds * 1000).map((each) => each.replicas);
  const lowest = Math.min(wanted, ...within(scaleUp.stabilizationWindowSeconds));
  const highest = Math.max(wanted, ...within(scaleDown.stabilizationWindowSeconds));
  return Math.min(Math.max(replicas, lowest), highest);
}

/** `convertDesiredReplicasWithBehaviorRate`: no faster than the policies allow, and within the bounds. */
function withinRates({ minReplicas, maxReplicas, behavior }: HpaSpec, memory: HpaMemory, wish: Wish): number {
  const { replicas, wanted } = wish;
  if (wanted > replicas) {
    const limit = Math.max(replicas, limitOf(behavior.scaleUp, memory, wish, 1));
    return Math.min(wanted, maxReplicas, limit);
  }
  if (wanted < replicas) {
    const limit = Math.min(replicas, limitOf(behavior.scaleDown, memory, wish, -1));
    return Math.max(wanted, minReplicas, limit);
  }
  return replicas;
}

/** `calculateScaleUpLimitWithScalingRules` and `calculateScaleDownLimitWithBehaviors`. */
function limitOf(rules: ScalingRules, memory: HpaMemory, { atMs, replicas }: Wish, direction: 1 | -1): number {
  if (rules.selectPolicy === "Disabled") return replicas;
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const sum = (events: readonly Stamped[]): number =>
      recent(events, atMs, [periodSeconds]).reduce((total, event) => total + event.replicas, 0);
    const atStart = replicas - sum(memory.added) + sum(memory.removed);
    if (type === "Pods") return atStart + direction * value;
    const share = atStart * (1 + (direction * value) / 100);
    return direction === 1 ? Math.ceil(share) : Math.trunc(share);
  });
  const isHighest = (rules.selectPolicy === "Max") === (direction === 1);
  return isHighest ? Math.max(...limits) : Math.min(...limits);
}

function changed(memory: HpaMemory, atMs: number, from: number, to: number): ReturnType<typeof decide> {
  if (to === from) return { replicas: to, memory };
  const event = { atMs, replicas: Math.abs(to - from) };
  return {
    replicas: to,
    memory:
      to > from ? { ...memory, added: [...memory.added, event] } : { ...memory, removed: [...memory.removed, event] },
  };
}

/** Those within the longest of some times. */
function recent(stamped: readonly Stamped[], atMs: number, seconds: readonly number[]): Stamped[] {
  return stamped.filter((each) => each.atMs > atMs - Math.max(...seconds) * 1000);
}
