import { describe, expect, test } from "vitest";
import type { Condition, SensorFleetStatus } from "../api/sensor-fleet.ts";
import { conditionsOf, type Observation } from "../controllers/conditions.ts";
import { stuckPods, troubleOf, type Pod } from "../controllers/pods.ts";
import { rounded } from "../controllers/rounded.ts";
import { runStateOf, timeText } from "../controllers/run-state.ts";
import { stageAt } from "../controllers/stage.ts";
import { changeOf, statusOf } from "../controllers/status.ts";
import { storiesOf } from "../controllers/stories.ts";
import { NOW, NOW_MS, sensorFleet } from "./fleets.ts";

describe("run", () => {
  const running = { phase: "Running", startTime: NOW, completionTime: undefined };
  const later = (ms: number): string => timeText(NOW_MS + ms);
  const limited = { runId: "1", maxDuration: "10s", ttlAfterFinished: "1m" };

  test.each([
    ["begins when first seen", { suspend: false, run: { runId: "1" } }, {}, 0, running],
    ["goes on", { suspend: false, run: { runId: "1" } }, { runId: "1", startTime: NOW }, 60_000, running],
    [
      "begins anew with another id",
      { suspend: false, run: { runId: "2" } },
      { runId: "1", startTime: NOW },
      60_000,
      { ...running, startTime: later(60_000) },
    ],
    [
      "is suspended",
      { suspend: true, run: { runId: "1" } },
      { runId: "1", startTime: NOW },
      0,
      { phase: "Suspended", startTime: undefined },
    ],
    [
      "begins anew when resumed",
      { suspend: false, run: { runId: "1" } },
      { runId: "1" },
      5000,
      { ...running, startTime: later(5000) },
    ],
    [
      "has an end",
      { suspend: false, run: limited },
      { runId: "1", startTime: NOW },
      9999,
      { ...running, nextChangeMs: NOW_MS + 10_000 },
    ],
    [
      "is over",
      { suspend: false, run: limited },
      { runId: "1", startTime: NOW },
      10_000,
      { phase: "Completed", completionTime: later(10_000), isExpired: false },
    ],
    [
      "is over though nobody looked, since its end",
      { suspend: false, run: limited },
      { runId: "1", startTime: NOW },
      69_999,
      { phase: "Completed", completionTime: later(10_000), isExpired: false },
    ],
    [
      "expires",
      { suspend: false, run: limited },
      { runId: "1", startTime: NOW, completionTime: later(10_000) },
      70_000,
      { phase: "Completed", isExpired: true },
    ],
    [
      "stays over without its limit",
      { suspend: false, run: { runId: "1" } },
      { runId: "1", startTime: NOW, completionTime: NOW },
      1e9,
      { phase: "Completed", isExpired: false, nextChangeMs: undefined },
    ],
    [
      "stays over while suspended",
      { suspend: true, run: { runId: "1" } },
      { runId: "1", startTime: NOW, completionTime: NOW },
      0,
      { phase: "Completed" },
    ],
    [
      "begins anew after its end",
      { suspend: false, run: { runId: "2" } },
      { runId: "1", startTime: NOW, completionTime: NOW },
      5000,
      { ...running, startTime: later(5000) },
    ],
  ])("%s", (_name, spec, before, elapsedMs, expected) => {
    expect(runStateOf(spec, before, NOW_MS + elapsedMs)).toMatchObject(expected);
  });
});

describe("stage", () => {
  const stages = [10, 20].map((seconds) => ({ durationMs: seconds * 1000, devicesPercent: 50, ramp: "Step" as const }));

  test.each([
    [0, { number: 1, startMs: 0, endMs: 10_000 }],
    [9999, { number: 1 }],
    [10_000, { number: 2, startMs: 10_000, endMs: 30_000 }],
    [30_000, { number: 2, startMs: 10_000, endMs: undefined }],
  ])("after %i ms", (nowMs, expected) => {
    expect(stageAt(stages, 0, nowMs)).toMatchObject({ of: 2, ...expected });
  });

  test("none without stages, or before the run", () => {
    expect(stageAt([], 0, 0)).toBeUndefined();
    expect(stageAt(stages, undefined, 0)).toBeUndefined();
  });
});

test.each([
  [0, 0],
  [99, 99],
  [1999, 1900],
  [105, 100],
  [123_456, 120_000],
])("%i is shown as %i", (value, shown) => {
  expect(rounded(value)).toBe(shown);
  expect(rounded(value, value)).toBe(value);
});

const summary = { answered: 2, on: 600, connected: 600, refused: 0, messagesPerSecond: 60, upToDate: 2, problems: [] };
const observed: Observation = {
  run: { phase: "Running", completionTime: undefined },
  devices: 600,
  pods: { wanted: 2, there: 2, ready: 2 },
  summary,
  trouble: undefined,
  problem: undefined,
};

describe("conditions", () => {
  const judge = (change: Partial<Observation>, before: readonly Condition[] = []): Record<string, string> => {
    const conditions = conditionsOf({ ...observed, ...change }, before, { generation: 7, now: NOW });
    return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
  };
  const problem = { reason: "Rejected", message: "no" } as const;

  test.each<[string, Partial<Observation>, Record<string, string>]>([
    [
      "all is well",
      {},
      {
        Ready: "True Running",
        Reconciled: "True Applied",
        Connected: "True Connected",
        Suspended: "False NotSuspended",
        Completed: "False NotCompleted",
      },
    ],
    ["refused", { problem }, { Ready: "False Rejected", Reconciled: "False Rejected" }],
    [
      "suspended",
      { run: { phase: "Suspended", completionTime: undefined } },
      { Ready: "False Suspended", Suspended: "True Suspended" },
    ],
    [
      "over",
      { run: { phase: "Completed", completionTime: NOW } },
      { Ready: "False Completed", Completed: "True Completed" },
    ],
    [
      "no devices",
      { devices: 0, pods: { wanted: 0, there: 0, ready: 0 }, summary: undefined },
      { Ready: "True NoDevices", Reconciled: "True Applied" },
    ],
    [
      "pods start",
      { pods: { wanted: 2, there: 1, ready: 1 }, summary: { ...summary, answered: 1, upToDate: 1 } },
      { Ready: "False StartingPods", Reconciled: "False Updating" },
    ],
    [
      "an image is missing",
      { trouble: { reason: "ImagePullFailed", message: "x" } },
      { Ready: "False ImagePullFailed" },
    ],
    [
      "nobody answers",
      {
        summary: { ...summary, answered: 0, on: 0, connected: 0, upToDate: 0 },
        pods: { wanted: 2, there: 2, ready: 0 },
      },
      { Ready: "False StartingPods", Connected: "Unknown NoAnswer" },
    ],
    [
      "the broker is away",
      { summary: { ...summary, connected: 0 }, pods: { wanted: 2, there: 2, ready: 0 } },
      { Ready: "False BrokerUnreachable", Connected: "False BrokerUnreachable" },
    ],
    ["one pod has only begun", { summary: { ...summary, answered: 1, connected: 0 } }, { Ready: "False Connecting" }],
    ["some are not connected yet", { summary: { ...summary, connected: 539 } }, { Ready: "False Connecting" }],
    ["some are away on purpose", { summary: { ...summary, connected: 540 } }, { Ready: "True Running" }],
    ["a stage in which all are off", { summary: { ...summary, on: 0, connected: 0 } }, { Ready: "True Running" }],
    ["pods are to go", { pods: { wanted: 1, there: 2, ready: 1 } }, { Reconciled: "False Updating" }],
    [
      "an old file is followed",
      { summary: { ...summary, upToDate: 1 } },
      { Ready: "True Running", Reconciled: "False Updating" },
    ],
    ["a file cannot be followed", { summary: { ...summary, problems: ["x"] } }, { Reconciled: "False NotFollowed" }],
  ])("%s", (_name, change, expected) => {
    expect(judge(change)).toMatchObject(expected);
  });

  test("a login that is refused is told when it lasts: at first the broker does not know the fleet yet", () => {
    const refused = { ...observed, summary: { ...summary, connected: 0, refused: 600 } };
    const at = (second: number, before: readonly Condition[] = []): Condition[] =>
      conditionsOf(refused, before, { generation: 7, now: new Date(NOW_MS + second * 1000).toISOString() });
    const reasons = (conditions: readonly Condition[]): string[] =>
      conditions.filter(({ type }) => ["Ready", "Connected"].includes(type)).map(({ reason }) => reason);
    const first = at(0);
    expect(reasons(first)).toEqual(["Connecting", "Connecting"]);
    expect(reasons(at(19, first))).toEqual(["Connecting", "Connecting"]);
    const later = at(20, first);
    expect(reasons(later)).toEqual(["AuthRejected", "AuthRejected"]);
    expect(reasons(at(21, later))).toEqual(["AuthRejected", "AuthRejected"]);
  });

  test("devices that were switched off and still deliver are told apart from those that are on", () => {
    const scaledDown = { ...observed, summary: { ...summary, on: 100 } };
    const ready = conditionsOf(scaledDown, [], { generation: 6, now: NOW }).find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({
      status: "True",
      message: expect.stringMatching(/^100 devices are on; .*600 are/) as string,
    });
  });

  test("the time of transition stays while the status does, and the generation moves on", () => {
    const before = conditionsOf(observed, [], { generation: 6, now: "2026-01-01T00:00:00Z" });
    const after = conditionsOf({ ...observed, summary: { ...summary, connected: 0 } }, before, {
      generation: 7,
      now: NOW,
    });
    const times = Object.fromEntries(after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
    expect(times).toMatchObject({ Ready: NOW, Connected: NOW, Reconciled: "2026-01-01T00:00:00Z" });
    expect(after.every(({ observedGeneration }) => observedGeneration === 7)).toBe(true);
  });
});

const statusWith = (
  change: Partial<Observation>,
  before?: Partial<SensorFleetStatus>,
  devices = 600,
): SensorFleetStatus => {
  const fleet = sensorFleet({ devices, faults: [{ type: "Late" }, { type: "Late" }, { type: "Spike" }] }, before);
  const run = runStateOf(fleet.spec, fleet.status ?? {}, NOW_MS);
  return statusOf({
    fleet,
    run,
    stage: undefined,
    image: "i",
    observation: { ...observed, run, ...change },
    nowMs: NOW_MS,
  });
};

describe("status", () => {
  test("sums up", () => {
    expect(statusWith({})).toMatchObject({
      observedGeneration: 7,
      devices: 600,
      connectedDevices: 600,
      pods: "2/2",
      stage: "-",
      faults: "Late,Spike",
      messagesPerSecond: 60,
    });
  });

  test("numbers alone are told apart from the rest, whatever the order of keys", () => {
    const before = statusWith({});
    expect(changeOf(Object.fromEntries(Object.entries(before).reverse()), before)).toBe("none");
    expect(changeOf(before, statusWith({ summary: { ...summary, connected: 590 } }, before))).toBe("numbers");
    expect(changeOf(before, statusWith({ summary: { ...summary, connected: 0 } }, before))).toBe("more");
    expect(changeOf(before, statusWith({ pods: { wanted: 2, there: 2, ready: 1 } }, before))).toBe("more");
  });
});

describe("stories", () => {
  const told = (before: Partial<SensorFleetStatus>, after: SensorFleetStatus): string[] =>
    storiesOf(sensorFleet(), before, after).map(({ reason }) => reason);

  test("each thing once", () => {
    const first = statusWith({});
    expect(told({}, first)).toEqual(["RunStarted", "Ready"]);
    expect(told(first, statusWith({}, first))).toEqual([]);
    expect(told(first, statusWith({}, first, 700))).toEqual(["FleetScaled"]);
    const away = statusWith({ summary: { ...summary, connected: 0 } }, first);
    expect(told(first, away)).toEqual(["BrokerUnreachable"]);
    expect(told(away, statusWith({ summary: { ...summary, connected: 0 } }, away))).toEqual([]);
    expect(told(away, statusWith({}, away))).toEqual(["Ready"]);
  });
});

describe("pods", () => {
  const pod = (reason?: string, revision = "old"): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "fleet-city-0", labels: { "controller-revision-hash": revision } },
    status: { containerStatuses: [{ state: reason === undefined ? {} : { waiting: { reason, message: "m" } } }] },
  });

  test.each([
    ["ErrImagePull", "ImagePullFailed"],
    ["ImagePullBackOff", "ImagePullFailed"],
    ["CrashLoopBackOff", "CrashLooping"],
    ["CreateContainerConfigError", "BadContainer"],
    ["ContainerCreating", undefined],
    [undefined, undefined],
  ])("%s: %s", (waiting, expected) => {
    expect(troubleOf(pod(waiting))?.reason).toBe(expected);
  });

  test("only a pod of an old template that will never be ready is stuck", () => {
    expect(stuckPods([pod("CrashLoopBackOff")], "new")).toHaveLength(1);
    expect(stuckPods([pod("CrashLoopBackOff", "new")], "new")).toHaveLength(0);
    expect(stuckPods([pod()], "new")).toHaveLength(0);
    expect(stuckPods([pod("CrashLoopBackOff")], undefined)).toHaveLength(0);
    const going = pod("CrashLoopBackOff");
    const metadata = { ...going.metadata, deletionTimestamp: NOW };
    expect(stuckPods([{ ...going, metadata }], "new")).toHaveLength(0);
  });
});
