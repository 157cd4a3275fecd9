import { LABEL_PATTERN, SHARE_PATTERN, type Limits } from "#fleets";
import { DURATION_PATTERN, millisecondsOf, showDuration, type Rule } from "./cel.ts";

/** A structural schema: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "integer" | "boolean";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly "x-kubernetes-validations"?: readonly Rule[];
  readonly "x-kubernetes-list-type"?: "atomic" | "map" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-int-or-string"?: boolean;
}

type Bounds = Omit<Limits, "default"> & Partial<Limits>;

export function whole({ min, max, default: standard }: Bounds, description: string): Schema {
  const format = max > 2 ** 31 - 1 ? { format: "int64" } : {};
  return { type: "integer", ...format, minimum: min, maximum: max, description, ...defaultOf(standard) };
}

/** How descriptions of durations and shares end. */
export const DURATION_WORDS = "A whole number with one of the units ms, s, m, h, d.";
export const SHARE_WORDS = 'As in "2%" or "0.5%".';

/** `500ms`, `5s`, `10m`, `1h`, `7d`, within bounds in milliseconds. */
export function duration({ min, max, default: standard }: Bounds, description: string): Schema {
  const self = millisecondsOf("self");
  return {
    type: "string",
    maxLength: 16,
    pattern: DURATION_PATTERN,
    description: `${description} ${DURATION_WORDS}`,
    ...defaultOf(standard === undefined ? undefined : showDuration(standard)),
    "x-kubernetes-validations": [
      {
        rule: `${self} >= ${min} && ${self} <= ${max}`,
        message: `must be a whole number with one of the units ms, s, m, h, d, from ${showDuration(min)} to ${showDuration(max)}`,
      },
    ],
  };
}

/** `2%`, `0.5%`. */
export function share(description: string): Schema {
  return {
    type: "string",
    maxLength: 16,
    pattern: SHARE_PATTERN,
    description: `${description} ${SHARE_WORDS}`,
    "x-kubernetes-validations": [
      {
        rule: `!self.matches('${SHARE_PATTERN}') || double(self.substring(0, size(self) - 1)) <= 100.0`,
        message: 'must be a share such as "2%" or "0.5%", at most "100%"',
      },
    ],
  };
}

export function label(maxLength: number, description: string): Schema {
  return { type: "string", minLength: 1, maxLength, pattern: LABEL_PATTERN, description };
}

export function words(allowed: readonly string[], description: string, standard?: string): Schema {
  return { type: "string", enum: allowed, description, ...defaultOf(standard) };
}

export function text(maxLength: number, description: string): Schema {
  return { type: "string", minLength: 1, maxLength, description };
}

/** A time, RFC 3339. */
export function time(description: string): Schema {
  return { type: "string", format: "date-time", description };
}

function defaultOf(standard: unknown): { default?: unknown } {
  return standard === undefined ? {} : { default: standard };
}
