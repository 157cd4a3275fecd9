export { readFleet, type Fleet, type Stage, type WeightedProfile } from "./fleet-spec.ts";
export {
  faultFields,
  faultTypes,
  measuredFields,
  type EpisodeFault,
  type Fault,
  type FaultType,
  type MeasuredField,
} from "./fault-spec.ts";
export {
  durationLimits,
  fleetLimits,
  LABEL_PATTERN,
  listLimits,
  MAX_DEVICES,
  MAX_PREFIX,
  MAX_SECONDS_AHEAD,
  OLDEST_MS,
  SHARE_PATTERN,
  type Limits,
} from "./limits.ts";
export { profiles, type Curve, type Profile } from "./profiles.ts";
export { replayedIds, type Replay } from "./replay-spec.ts";
export type { FieldPath } from "./spec-problem.ts";
export { activeDevices } from "./stages.ts";
