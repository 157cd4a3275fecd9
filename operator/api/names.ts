/** What the custom resource and everything that the operator makes of it are called. */
export const GROUP = "fleet.smart-home-bridge.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = "SensorFleet";
export const PLURAL = "sensorfleets";

/** On every object of a fleet; its value is the fleet's name. */
export const FLEET_LABEL = `${GROUP}/fleet`;
/** On applied objects: a hash of what was applied, so that an unchanged one is not written again. */
export const APPLIED_ANNOTATION = `${GROUP}/applied`;
/** On pods: the fleet file that they should have. Writing it makes the kubelet refresh the mounted file at once. */
export const FLEET_FILE_ANNOTATION = `${GROUP}/fleet-file`;

/**
 * The user of the broker that may read every tenant's telemetry: named as the first level of its topics, so that the rule
 * `pattern read %u/+/+/+/telemetry` gives that to it and to nobody else. No fleet, which is a user too, may have the name.
 */
export const READER = "sensors";

/** ConfigMap with what the operator has to remember over its own life. */
export const MEMORY = "sensorfleet-operator";

/** Who owns the fields of the children, and of the status, in server-side apply. */
export const FIELD_MANAGER = "sensorfleet-operator";
export const STATUS_FIELD_MANAGER = "sensorfleet-operator-status";

/** On the pod template: hashes of what a pod reads only at its start, so that another value replaces the pods. */
export const IDENTITY_ANNOTATION = `${GROUP}/fleet-identity`;
export const ACCESS_ANNOTATION = `${GROUP}/access`;

/** Children never meet objects of others: `fleet-` stands before the fleet's name. */
export function childName(fleet: string): string {
  return `fleet-${fleet}`;
}

/**
 * A StatefulSet's pods carry the label `controller-revision-hash` with its name, a hyphen and ten characters; a label's
 * value has at most 63: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export const MAX_FLEET_NAME = 63 - 11 - childName("").length;

/** Most pods of one fleet. */
export const MAX_PODS = 200;

/** Devices of one pod: 2,000 with one reading a second took 215 MiB (see the simulator's README). */
export const DEVICES_PER_POD = { min: 1, max: 5000, default: 500 } as const;
