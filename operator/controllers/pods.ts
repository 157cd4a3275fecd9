import type { KubeObject } from "#kubernetes";

/** What is read of a pod. */
export interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
  readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string } };
}

/** Why a pod does not run, in one word and in words. */
export interface PodTrouble {
  readonly reason: "ImagePullFailed" | "CrashLooping" | "Unschedulable" | "BadContainer";
  readonly message: string;
}

const WAITING: Readonly<Record<string, PodTrouble["reason"]>> = {
  ErrImagePull: "ImagePullFailed",
  ImagePullBackOff: "ImagePullFailed",
  InvalidImageName: "ImagePullFailed",
  ErrImageNeverPull: "ImagePullFailed",
  CrashLoopBackOff: "CrashLooping",
  CreateContainerConfigError: "BadContainer",
  CreateContainerError: "BadContainer",
  RunContainerError: "BadContainer",
};

export function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return metadata.deletionTimestamp === undefined && ready?.status === "True";
}

/** What keeps a pod from running, if anything does that will not pass by itself. */
export function troubleOf({ metadata, status }: Pod): PodTrouble | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False" && scheduled.reason === "Unschedulable")
    return { reason: "Unschedulable", message: `${metadata.name}: ${scheduled.message ?? "no node has room"}` };
  for (const { state, lastState } of status?.containerStatuses ?? []) {
    const reason = WAITING[state?.waiting?.reason ?? ""];
    if (reason === undefined) continue;
    const exitCode = lastState?.terminated?.exitCode;
    const detail = exitCode === undefined ? (state?.waiting?.message ?? "") : `exit code ${exitCode}`;
    return { reason, message: `${metadata.name}: ${detail}` };
  }
  return undefined;
}

const REVISION_LABEL = "controller-revision-hash";

/**
 * Pods of an old template that will never be ready. A StatefulSet waits for each pod before it replaces the next, so a
 * broken image would block its own repair for ever; deleting such a pod is the way out:
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
 */
export function stuckPods(pods: readonly Pod[], updateRevision: string | undefined): Pod[] {
  if (updateRevision === undefined) return [];
  return pods.filter((pod) => {
    const revision = pod.metadata.labels?.[REVISION_LABEL];
    const isOld = revision !== undefined && revision !== updateRevision;
    return isOld && pod.metadata.deletionTimestamp === undefined && !isReady(pod) && troubleOf(pod) !== undefined;
  });
}
