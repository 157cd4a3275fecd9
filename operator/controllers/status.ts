import type { SensorFleet, SensorFleetStatus } from "../api/sensor-fleet.ts";
import { conditionsOf, type Observation } from "./conditions.ts";
import { selectorOf } from "./desired.ts";
import { rounded } from "./rounded.ts";
import { timeText, type RunState } from "./run-state.ts";
import type { CurrentStage } from "./stage.ts";

export interface StatusInput {
  readonly fleet: SensorFleet;
  readonly run: RunState;
  readonly stage: CurrentStage | undefined;
  readonly image: string;
  readonly observation: Observation;
  readonly nowMs: number;
}

/** Everything of the status, made anew. */
export function statusOf({ fleet, run, stage, image, observation, nowMs }: StatusInput): SensorFleetStatus {
  const { metadata, spec, status } = fleet;
  const { generation = 0, name } = metadata;
  const { summary, pods } = observation;
  const optionalTime = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : timeText(ms));
  return {
    observedGeneration: generation,
    devices: run.phase === "Running" ? spec.devices : 0,
    selector: selectorOf(name),
    connectedDevices: rounded(summary?.connected ?? 0, summary?.on ?? 0),
    messagesPerSecond: rounded(Math.round(summary?.messagesPerSecond ?? 0)),
    pods: `${pods.ready}/${pods.wanted}`,
    stage: stage === undefined ? "-" : `${stage.number}/${stage.of}`,
    stageStartedAt: optionalTime(stage?.startMs),
    stageEndsAt: optionalTime(stage?.endMs),
    faults: [...new Set((spec.faults ?? []).map(({ type }) => type))].join(",") || "-",
    image,
    runId: run.runId,
    startTime: run.startTime,
    completionTime: run.completionTime,
    conditions: conditionsOf(observation, status?.conditions ?? [], { generation, now: timeText(nowMs) }),
  };
}

/** How far two statuses differ: not at all, in numbers that move by themselves, or in more. */
export function changeOf(before: Partial<SensorFleetStatus>, after: SensorFleetStatus): "none" | "numbers" | "more" {
  if (isSame(before, after)) return "none";
  return isSame(calm(before), calm(after)) ? "numbers" : "more";
}

/** Without what moves by itself. */
function calm(status: Partial<SensorFleetStatus>): unknown {
  const conditions = status.conditions?.map((condition) => ({ ...condition, message: "" }));
  return { ...status, connectedDevices: 0, messagesPerSecond: 0, conditions };
}

function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
