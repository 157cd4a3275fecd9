/** Why a condition is as it is, in one word; and what to do about it, for `docs/sensorfleet.md`. */
export const reasons = {
  Running: "Nine tenths of the devices that are on have a connection.",
  NoDevices: "The fleet has no devices: nothing to do.",
  Suspended: "`spec.suspend` is true.",
  NotSuspended: "`spec.suspend` is false.",
  Completed: "The run is over; another `run.runId` begins the next one.",
  NotCompleted: "The run is not over.",
  Applied: "All pods run what the spec says.",
  Updating: "Pods start, stop, or have not read the latest fleet file yet.",
  NotFollowed: "A pod cannot follow the latest fleet file; the message has its words.",
  Connected: "Nine tenths of the devices that are on have a connection.",
  Connecting: "Devices connect, at most `connectsPerSecond` a second in each pod.",
  NoAnswer: "No pod says how it is: it starts, or a network policy keeps the operator away.",
  StartingPods: "Not all pods are ready yet.",
  BrokerUnreachable: "Every pod is up and none has a connection: look at the broker, its address and its certificate.",
  AuthRejected:
    "The broker has refused the fleet's name and password for 20 s: look whether it has read `mosquitto-users`.",
  InvalidSpec: "The spec breaks a rule that is newer than the fleet; the message lists what to change.",
  Rejected: "The API server does not take the fleet's objects: a wrong quantity, a quota, a policy.",
  NameTaken: "An object with the name of one of the fleet's exists and belongs to somebody else: rename one.",
  NoAuthority: "The ConfigMap `smart-home-ca` is not there yet; the operator makes it.",
  ImagePullFailed: "The image cannot be pulled: look at `template.image`.",
  CrashLooping: "A pod ends again and again: look at its log.",
  BadContainer: "A container cannot be made: a missing Secret or ConfigMap, or a wrong command.",
  Unschedulable: "No node has room for a pod, or none fits `template.nodeSelector`.",
} as const satisfies Readonly<Record<string, string>>;

export type Reason = keyof typeof reasons;
