import { k8s } from "cdk8s-plus-34";
import type { Resources } from "./profile.ts";

const EPHEMERAL_STORAGE = "64Mi";

/** Requests for everything that Autopilot asks for, limits for what can hurt neighbours: memory and disk. */
export function requirements({ cpu, memory, memoryLimit, ephemeralStorage }: Resources): k8s.ResourceRequirements {
  const disk = k8s.Quantity.fromString(ephemeralStorage ?? EPHEMERAL_STORAGE);
  return {
    requests: { cpu: quantity(cpu), memory: quantity(memory), "ephemeral-storage": disk },
    limits: { memory: quantity(memoryLimit), "ephemeral-storage": disk },
  };
}

/** A claim of a StatefulSet's pods; the cluster's default storage class makes its volume. */
export function volumeClaim(name: string, size: string): k8s.KubePersistentVolumeClaimProps {
  return {
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: quantity(size) } } },
  };
}

export function quantity(text: string): k8s.Quantity {
  return k8s.Quantity.fromString(text);
}

const DECIMAL_SUFFIXES: readonly (readonly [string, number])[] = [
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
];

/**
 * A count as the API server itself writes it, 15000 as `15k`: another spelling would look like a change at every apply
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
 */
export function count(number: number): k8s.Quantity {
  const [suffix, unit] = DECIMAL_SUFFIXES.find(([, size]) => number % size === 0) ?? ["", 1];
  return quantity(`${number / unit}${suffix}`);
}

/** A port by number or name, as probes and Services take it. */
export function port(value: number | string): k8s.IntOrString {
  return typeof value === "number" ? k8s.IntOrString.fromNumber(value) : k8s.IntOrString.fromString(value);
}
