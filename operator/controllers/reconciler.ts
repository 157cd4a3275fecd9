import { ConfigError, type Clock, type Logger } from "#runtime";
import { fleetOf } from "../api/fleet-file.ts";
import { FLEET_FILE_ANNOTATION, FLEET_LABEL, KIND, STATUS_FIELD_MANAGER } from "../api/names.ts";
import { SENSOR_FLEET, type SensorFleet } from "../api/sensor-fleet.ts";
import { type KubeApi, type KubeObject, POD } from "#kubernetes";
import { annotate } from "../kube/annotate.ts";
import { apply, remove } from "../kube/apply.ts";
import type { EventRecorder } from "../kube/events.ts";
import type { Store } from "../kube/store.ts";
import type { Children } from "./children.ts";
import type { FleetProblem } from "./conditions.ts";
import { type Access, desired, labelsOf, type Desired, type FleetSettings, type StatefulSet } from "./desired.ts";
import { isReady, stuckPods, troubleOf, type Pod } from "./pods.ts";
import { runStateOf, type RunState } from "./run-state.ts";
import { stageAt } from "./stage.ts";
import { changeOf, statusOf } from "./status.ts";
import { storiesOf } from "./stories.ts";
import type { FleetSummary, Summaries } from "./summaries.ts";

/** What is known of the namespace. */
export interface Stores {
  readonly fleets: Store<SensorFleet>;
  readonly statefulSets: Store<StatefulSet>;
  readonly pods: Store<Pod>;
}

export interface ReconcilerOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly stores: Stores;
  readonly children: Children;
  readonly settings: FleetSettings;
  readonly summaries: Summaries;
  readonly events: Pick<EventRecorder, "tell">;
  readonly clock: Clock;
  readonly log: Logger;
  /** So often the pods of a running fleet are asked, and at most so often numbers are written to its status. */
  readonly statusIntervalMs: number;
}

/** A fleet that the API server or the reader refuses is looked at so often, beside every change of its own. */
const REFUSED_AGAIN_MS = 60_000;

/**
 * Makes one fleet what its spec says: level-based, so that it only ever looks at what is, and may be ended anywhere and
 * begun again. Nothing is written where nothing is to be changed. Never throws for what the fleet's author has to mend:
 * that goes into its conditions, and other fleets do not notice.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** When numbers were written last, by fleet. */
  readonly #wroteAtMs = new Map<string, number>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Gives when to look again, in ms.
   *
   * @throws KubeError if the API server could not be asked or did not do as told; to be tried again.
   */
  async reconcile(name: string): Promise<number | undefined> {
    const { stores, clock, summaries, children } = this.#options;
    const fleet = stores.fleets.get(name);
    if (fleet === undefined || fleet.metadata.deletionTimestamp !== undefined) {
      summaries.forget(name);
      children.forget(name);
      this.#wroteAtMs.delete(name);
      return undefined;
    }
    const nowMs = clock.nowMs();
    const run = runStateOf(fleet.spec, fleet.status ?? {}, nowMs);
    if (run.isExpired) return this.#expire(fleet);
    return this.#reconcile(fleet, run, nowMs);
  }

  async #reconcile(given: SensorFleet, run: RunState, nowMs: number): Promise<number | undefined> {
    let fleet = given;
    const invalid = invalidSpec(fleet);
    // The run's beginning is written down before anything follows from it, so that it is the same after a crash.
    const isNews = run.runId !== fleet.status?.runId || run.startTime !== fleet.status.startTime;
    if (invalid === undefined && isNews) fleet = await this.#writeStatus(fleet, run, undefined, undefined, nowMs);
    const { wanted, problem } = await this.#makeChildren(fleet, run, invalid);
    const pods = this.#podsOf(fleet);
    if (problem === undefined) await this.#tendPods(fleet, pods, wanted);
    const summary = await this.#summaryOf(fleet, pods, wanted);
    await this.#writeStatus(fleet, run, problem, summary, nowMs);
    return this.#lookAgainMs(fleet, run, problem, nowMs);
  }

  async #expire(fleet: SensorFleet): Promise<undefined> {
    await remove(this.#options.api, SENSOR_FLEET, fleet);
    this.#options.log.info({ fleet: fleet.metadata.name }, "the fleet's time to live is over: deleted");
    return undefined;
  }

  async #makeChildren(
    fleet: SensorFleet,
    run: RunState,
    invalid: FleetProblem | undefined,
  ): Promise<{ wanted: Desired; problem: FleetProblem | undefined }> {
    const { children, settings } = this.#options;
    const access = invalid ?? (await children.access(fleet));
    if (isProblem(access)) return { wanted: desired(fleet, run, settings, NO_ACCESS), problem: access };
    const wanted = desired(fleet, run, settings, access);
    return { wanted, problem: await children.applyAll(fleet, wanted) };
  }

  #podsOf(fleet: SensorFleet): Pod[] {
    const { name } = fleet.metadata;
    return this.#options.stores.pods.all().filter(({ metadata }) => metadata.labels?.[FLEET_LABEL] === name);
  }

  /** Has changed fleet files mounted at once, and frees a rollout from pods that will never be ready. */
  async #tendPods(fleet: SensorFleet, pods: readonly Pod[], { fileHash, statefulSet }: Desired): Promise<void> {
    const { api, stores, log } = this.#options;
    for (const pod of pods) await annotate(api, stores.pods, pod, { [FLEET_FILE_ANNOTATION]: fileHash });
    const { status } = stores.statefulSets.get(statefulSet.metadata.name) ?? {};
    for (const pod of stuckPods(pods, status?.updateRevision)) {
      log.info({ fleet: fleet.metadata.name, pod: pod.metadata.name }, "deleting a pod that blocks its own repair");
      await remove(api, POD, pod);
    }
  }

  async #summaryOf(fleet: SensorFleet, pods: readonly Pod[], wanted: Desired): Promise<FleetSummary | undefined> {
    const { summaries } = this.#options;
    const { name } = fleet.metadata;
    if (wanted.pods === 0) summaries.forget(name);
    const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return wanted.pods === 0 ? undefined : summaries.gather(name, alive, wanted.fileHash);
  }

  /** Writes the status if it says something new; numbers alone only now and then. Gives the fleet as it is then. */
  async #writeStatus(
    fleet: SensorFleet,
    run: RunState,
    problem: FleetProblem | undefined,
    summary: FleetSummary | undefined,
    nowMs: number,
  ): Promise<SensorFleet> {
    const { api, stores, events, clock, statusIntervalMs, settings } = this.#options;
    const { apiVersion, kind, metadata, spec, status: before = {} } = fleet;
    const after = statusOf({
      fleet,
      run,
      stage: problem?.reason === "InvalidSpec" ? undefined : stageOf(fleet, run, nowMs),
      image: spec.template.image ?? settings.image,
      observation: this.#observe(fleet, run, problem, summary),
      nowMs,
    });
    const change = changeOf(before, after);
    const sinceMs = clock.monotonicMs() - (this.#wroteAtMs.get(metadata.name) ?? -Infinity);
    if (change === "none" || (change === "numbers" && sinceMs < statusIntervalMs)) return fleet;
    const { name, namespace, uid } = metadata;
    const object = { apiVersion, kind, metadata: { name, namespace, uid }, status: after } as unknown as KubeObject;
    const options = { fieldManager: STATUS_FIELD_MANAGER, subresource: "status" };
    const written = await apply<SensorFleet>(api, SENSOR_FLEET, object, options);
    stores.fleets.set(written);
    this.#wroteAtMs.set(metadata.name, clock.monotonicMs());
    for (const story of storiesOf(fleet, before, after)) events.tell(fleet, story);
    return written;
  }

  #observe(
    fleet: SensorFleet,
    run: RunState,
    problem: FleetProblem | undefined,
    summary: FleetSummary | undefined,
  ): Parameters<typeof statusOf>[0]["observation"] {
    const pods = this.#podsOf(fleet).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const wanted = run.phase === "Running" ? Math.ceil(fleet.spec.devices / fleet.spec.template.devicesPerPod) : 0;
    const trouble = pods.map(troubleOf).find((found) => found !== undefined);
    const counts = { wanted, there: pods.length, ready: Math.min(wanted, pods.filter(isReady).length) };
    return { run, devices: fleet.spec.devices, pods: counts, summary, trouble, problem };
  }

  #lookAgainMs(
    fleet: SensorFleet,
    run: RunState,
    problem: FleetProblem | undefined,
    nowMs: number,
  ): number | undefined {
    const stageEndMs = problem === undefined ? stageOf(fleet, run, nowMs)?.endMs : undefined;
    const moments = [run.nextChangeMs, run.phase === "Running" ? stageEndMs : undefined];
    const delays = moments.filter((ms) => ms !== undefined).map((ms) => Math.max(0, ms - nowMs) + 10);
    if (problem !== undefined) delays.push(REFUSED_AGAIN_MS);
    else if (run.phase === "Running" && fleet.spec.devices > 0) delays.push(this.#options.statusIntervalMs);
    // No timer is longer than 2^31 ms.
    return delays.length === 0 ? undefined : Math.min(...delays, 2 ** 31 - 1);
  }
}

function invalidSpec(fleet: SensorFleet): FleetProblem | undefined {
  try {
    fleetOf(fleet);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { reason: "InvalidSpec", message: error.problems.join("; ") };
  }
}

function stageOf(fleet: SensorFleet, run: RunState, nowMs: number): ReturnType<typeof stageAt> {
  if (run.phase !== "Running") return undefined;
  return stageAt(fleetOf(fleet).stages, run.startTime === undefined ? undefined : Date.parse(run.startTime), nowMs);
}

/** For a fleet whose objects are not applied. */
const NO_ACCESS: Access = { account: "", authority: undefined };

function isProblem(value: Access | FleetProblem): value is FleetProblem {
  return "reason" in value;
}

/** The fleet that an object belongs to: itself, or by its label. */
export function fleetNameOf({ kind, metadata }: KubeObject): string | undefined {
  return kind === KIND ? metadata.name : metadata.labels?.[FLEET_LABEL];
}

/** What selects the children of all fleets. */
export const CHILDREN_SELECTOR = Object.entries(labelsOf(""))
  .filter(([name]) => name === "app.kubernetes.io/managed-by")
  .map(([name, value]) => `${name}=${value}`)
  .join(",");
