import type { Condition, ConditionType } from "../api/sensor-fleet.ts";
import type { PodTrouble } from "./pods.ts";
import type { Reason } from "./reasons.ts";
import { rounded } from "./rounded.ts";
import type { RunState } from "./run-state.ts";
import type { FleetSummary } from "./summaries.ts";

/** Why a fleet's objects are not as they should be. */
export interface FleetProblem {
  readonly reason: Extract<Reason, "InvalidSpec" | "Rejected" | "NameTaken" | "NoAuthority">;
  readonly message: string;
}

/** What the conditions are judged by. */
export interface Observation {
  readonly run: Pick<RunState, "phase" | "completionTime">;
  readonly devices: number;
  readonly pods: { readonly wanted: number; readonly there: number; readonly ready: number };
  readonly summary: FleetSummary | undefined;
  readonly trouble: PodTrouble | undefined;
  readonly problem: FleetProblem | undefined;
}

type Verdict = Pick<Condition, "status" | "message"> & { readonly reason: Reason };

const holds = (reason: Reason, message: string): Verdict => ({ status: "True", reason, message });
const fails = (reason: Reason, message: string): Verdict => ({ status: "False", reason, message });

/** Share of the devices that are on which must be connected. */
const CONNECTED_SHARE = 0.9;

/** The broker learns a new fleet's password within seconds: until then it refuses its devices, as it should. */
const REFUSAL_MS = 20_000;

/** All conditions, judged anew; `lastTransitionTime` stays where the status does. */
export function conditionsOf(
  observation: Observation,
  before: readonly Condition[],
  { generation, now }: { readonly generation: number; readonly now: string },
): Condition[] {
  const connections = connected(observation, unconnectedMs(before, now));
  const verdicts: Readonly<Record<ConditionType, Verdict>> = {
    Ready: ready(observation, connections),
    Reconciled: reconciled(observation),
    Connected: connections,
    Suspended: phase(observation, "Suspended", "spec.suspend is true", "spec.suspend is false"),
    Completed: phase(observation, "Completed", "the run is over", "the run is not over"),
  };
  return Object.entries(verdicts).map(([type, verdict]) => {
    const known = before.find((condition) => condition.type === type);
    const lastTransitionTime = known?.status === verdict.status ? known.lastTransitionTime : now;
    const message = verdict.message.slice(0, 1000);
    return { type: type as ConditionType, ...verdict, message, lastTransitionTime, observedGeneration: generation };
  });
}

/** The first reason in the order in which a person would want to hear them. */
function ready({ problem, run, trouble, pods, devices }: Observation, connections: Verdict): Verdict {
  if (problem !== undefined) return fails(problem.reason, problem.message);
  if (run.phase === "Suspended") return fails("Suspended", "spec.suspend is true");
  if (run.phase === "Completed") return fails("Completed", `the run was over at ${run.completionTime ?? "?"}`);
  if (devices === 0) return holds("NoDevices", "the fleet has no devices");
  if (trouble !== undefined) return fails(trouble.reason, trouble.message);
  if (connections.reason === "BrokerUnreachable" || connections.reason === "AuthRejected") return connections;
  if (pods.ready < pods.wanted) return fails("StartingPods", `${pods.ready} of ${pods.wanted} pods are ready`);
  return connections.status === "True" ? holds("Running", connections.message) : connections;
}

function reconciled({ problem, pods, summary }: Observation): Verdict {
  if (problem !== undefined) return fails(problem.reason, problem.message);
  const [unable] = summary?.problems ?? [];
  if (unable !== undefined) return fails("NotFollowed", unable);
  const upToDate = summary?.upToDate ?? 0;
  if (pods.there > pods.wanted) return fails("Updating", `${pods.there - pods.wanted} pods are to go`);
  if (upToDate < pods.wanted) return fails("Updating", `${upToDate} of ${pods.wanted} pods run what the spec says`);
  return holds("Applied", "everything is as the spec says");
}

/** How long the condition Connected has been false. */
function unconnectedMs(before: readonly Condition[], now: string): number {
  const known = before.find(({ type }) => type === "Connected");
  return known?.status === "False" ? Date.parse(now) - Date.parse(known.lastTransitionTime) : 0;
}

function connected({ run, summary, pods, problem }: Observation, lastedMs: number): Verdict {
  if (run.phase !== "Running") return fails(run.phase, "there are no pods");
  if (summary === undefined || summary.answered === 0) {
    const reason = problem?.reason ?? (pods.wanted === 0 ? "NoDevices" : "NoAnswer");
    return pods.wanted === 0 && problem === undefined
      ? holds(reason, "the fleet has no devices")
      : { status: "Unknown", reason, message: "no pod has answered" };
  }
  const { on, connected: count, answered, refused } = summary;
  const message = connectionsText(count, on);
  if (count >= on * CONNECTED_SHARE) return holds("Connected", message);
  // Every pod says so: it is not that one of them has only begun.
  if (count > 0 || answered < pods.wanted) return fails("Connecting", message);
  if (refused > 0 && lastedMs < REFUSAL_MS) return fails("Connecting", message);
  return refused > 0
    ? fails("AuthRejected", `the broker refuses the fleet's name and password; ${message}`)
    : fails("BrokerUnreachable", message);
}

function connectionsText(connected: number, on: number): string {
  if (connected <= on) return `${rounded(connected, on)} of ${rounded(on)} devices that are on are connected`;
  return `${rounded(on)} devices are on; those that were switched off deliver what they made: ${rounded(connected)} are connected`;
}

function phase({ run }: Observation, of: "Suspended" | "Completed", yes: string, no: string): Verdict {
  return run.phase === of ? holds(of, yes) : fails(`Not${of}`, no);
}
