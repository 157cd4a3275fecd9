/**
 * Rules of a schema in CEL, which the API server runs at each write:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** At most eleven digits: so many days still fit into CEL's whole numbers when counted in milliseconds. */
export const DURATION_PATTERN = "^[0-9]{1,11}(ms|s|m|h|d)$";

/**
 * A CEL expression: the milliseconds that the text `of` says; 0 if it says none. CEL's own durations know no days, and
 * the API server has no bound for the cost of making one of a text that was put together.
 */
export function millisecondsOf(of: string): string {
  const number = (unitLength: number): string => `int(${of}.substring(0, size(${of}) - ${unitLength}))`;
  const unit = `(${of}.endsWith('s') ? 1000 : ${of}.endsWith('m') ? 60000 : ${of}.endsWith('h') ? 3600000 : 86400000)`;
  const value = `${of}.endsWith('ms') ? ${number(2)} : ${number(1)} * ${unit}`;
  return `(!${of}.matches('${DURATION_PATTERN}') ? 0 : ${value})`;
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
