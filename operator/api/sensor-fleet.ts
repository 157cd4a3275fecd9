import type { KubeObject, Resource } from "#kubernetes";
import { API_VERSION, KIND, PLURAL } from "./names.ts";

/** The kind, and where the API server keeps its objects. */
export const SENSOR_FLEET: Resource = { apiVersion: API_VERSION, kind: KIND, plural: PLURAL };

/** Quantities of Kubernetes, such as `100m` and `256Mi`. */
export type Quantities = Readonly<Record<string, string | number>>;

/** How the pods of a fleet are made; a change of anything here replaces them. */
export interface FleetTemplate {
  readonly devicesPerPod: number;
  readonly image?: string;
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly priorityClassName?: string;
}

/** When a fleet runs. Durations as text, such as `10m`. */
export interface FleetRun {
  /** Another one begins the run, and its stages, anew. */
  readonly runId: string;
  readonly maxDuration?: string;
  readonly ttlAfterFinished?: string;
}

/** What a user asks for. The fields of a fleet file (see `packages/fleets`) stand here under the same names. */
export interface SensorFleetSpec {
  readonly devices: number;
  readonly seed: number;
  readonly deviceIdPrefix?: string;
  readonly interval: string;
  readonly jitter: string;
  readonly history: string;
  readonly profiles?: readonly { readonly location: string; readonly weight: number }[];
  readonly stages?: readonly { readonly duration: string; readonly devicesPercent: number; readonly ramp: string }[];
  readonly faults?: readonly (Readonly<Record<string, unknown>> & { readonly type: string })[];
  readonly connectsPerSecond: number;
  readonly maxInFlight: number;
  readonly suspend: boolean;
  readonly run: FleetRun;
  readonly template: FleetTemplate;
}

/** The conditions of a fleet, and what it means that they hold. `Ready` sums up; the others say what is missing. */
export const conditionMeanings = {
  Ready: "The fleet does what it should; if not, the reason is the first that a person would want to hear.",
  Reconciled: "All pods run what the spec says.",
  Connected: "Nine tenths of the devices that are on have a connection to the broker.",
  Suspended: "The fleet is suspended, and has no pods.",
  Completed: "The run is over, and has no pods.",
} as const;
export type ConditionType = keyof typeof conditionMeanings;
export const conditionTypes = Object.keys(conditionMeanings) as ConditionType[];

/** As in https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/** Times are RFC 3339 in UTC. */
export interface SensorFleetStatus {
  readonly observedGeneration: number;
  /** What `/scale` reports: the devices that the pods have been given. */
  readonly devices: number;
  readonly selector: string;
  /** Rounded; see `controllers/status.ts`. */
  readonly connectedDevices: number;
  readonly messagesPerSecond: number;
  /** Ready of wanted, as in `3/4`. */
  readonly pods: string;
  /** As in `2/5`. */
  readonly stage: string;
  readonly stageStartedAt?: string | undefined;
  readonly stageEndsAt?: string | undefined;
  /** The types of the fault rules. */
  readonly faults: string;
  readonly image: string;
  readonly runId?: string | undefined;
  readonly startTime?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly conditions: readonly Condition[];
}

/** A fleet of virtual devices, as the API server gives it: checked against the schema, with all defaults. */
export interface SensorFleet extends KubeObject {
  readonly spec: SensorFleetSpec;
  readonly status?: Partial<SensorFleetStatus>;
}
