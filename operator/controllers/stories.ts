import type { ConditionType, SensorFleet, SensorFleetStatus } from "../api/sensor-fleet.ts";
import type { Story } from "../kube/events.ts";

type Before = Partial<SensorFleetStatus>;

/** What happened between two statuses, for people. A pure function, so each thing is told once, when it is written down. */
export function storiesOf(fleet: SensorFleet, before: Before, after: SensorFleetStatus): Story[] {
  return [
    ...runStories(fleet, before, after),
    ...scaleStory(before, after),
    ...stageStory(fleet, before, after),
    ...readyStory(before, after),
  ];
}

function runStories({ spec }: SensorFleet, before: Before, after: SensorFleetStatus): Story[] {
  const stories: Story[] = [];
  if (after.startTime !== undefined && after.startTime !== before.startTime)
    stories.push(normal("RunStarted", `run ${after.runId ?? ""} of ${spec.devices} devices began`));
  if (turnedTrue("Suspended", before, after))
    stories.push(normal("Suspended", "the pods stop; the run begins anew when resumed"));
  if (turnedTrue("Completed", before, after))
    stories.push(normal("Completed", `run ${after.runId ?? ""} was over at ${after.completionTime ?? ""}`));
  return stories;
}

function scaleStory(before: Before, after: SensorFleetStatus): Story[] {
  const isRunning = before.startTime !== undefined && before.startTime === after.startTime;
  if (!isRunning || before.devices === undefined || before.devices === after.devices) return [];
  return [normal("FleetScaled", `from ${before.devices} to ${after.devices} devices`)];
}

function stageStory({ spec }: SensorFleet, before: Before, after: SensorFleetStatus): Story[] {
  if (after.stageStartedAt === undefined || after.stageStartedAt === before.stageStartedAt) return [];
  const stage = spec.stages?.[Number.parseInt(after.stage) - 1];
  if (stage === undefined) return [];
  return [
    normal(
      "StageStarted",
      `stage ${after.stage}: ${stage.devicesPercent} % of the devices, ${stage.ramp}, for ${stage.duration}`,
    ),
  ];
}

/** Reasons of not being ready that somebody should look into. */
const ALARMING = [
  "InvalidSpec",
  "Rejected",
  "NameTaken",
  "ImagePullFailed",
  "CrashLooping",
  "Unschedulable",
  "BadContainer",
  "BrokerUnreachable",
  "AuthRejected",
];

function readyStory(before: Before, after: SensorFleetStatus): Story[] {
  const [was, is] = [conditionOf("Ready", before), conditionOf("Ready", after)];
  if (is === undefined || (was?.reason === is.reason && was.status === is.status)) return [];
  if (ALARMING.includes(is.reason)) return [{ type: "Warning", reason: is.reason, message: is.message }];
  return is.status === "True" ? [normal("Ready", is.message)] : [];
}

function turnedTrue(type: ConditionType, before: Before, after: SensorFleetStatus): boolean {
  return conditionOf(type, after)?.status === "True" && conditionOf(type, before)?.status !== "True";
}

function conditionOf(type: ConditionType, { conditions }: Before): SensorFleetStatus["conditions"][number] | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function normal(reason: string, message: string): Story {
  return { type: "Normal", reason, message };
}
