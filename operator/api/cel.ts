/**
 * Rules of a schema in CEL, which the API server runs at each write:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** At most twelve digits: more would be no duration for CEL, which counts nanoseconds. */
export const DURATION_PATTERN = "^[0-9]{1,12}(ms|s|m|h|d)$";

/** A CEL expression: the duration that the text `of` says; nothing, if it says none. CEL itself knows no days. */
export function durationOf(of: string): string {
  const days = `duration(string(int(${of}.substring(0, size(${of}) - 1)) * 24) + 'h')`;
  return `(!${of}.matches('${DURATION_PATTERN}') ? duration('0s') : ${of}.endsWith('d') ? ${days} : duration(${of}))`;
}

/** A CEL literal. */
export function milliseconds(ms: number): string {
  return `duration('${ms}ms')`;
}

/** As a person would write it. */
export function showDuration(ms: number): string {
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ];
  const fitting = ms === 0 ? undefined : units.find(([, size]) => ms % size === 0);
  return fitting === undefined ? `${ms}ms` : `${ms / fitting[1]}${fitting[0]}`;
}
