import type { z } from "zod";
import { nearest } from "#runtime/nearest";

/** The way to a field: names and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** What is wrong with a field of a fleet file. */
export interface SpecProblem {
  readonly field: FieldPath;
  readonly text: string;
}

/** One issue of a fleet file in plain words: where, what is allowed, what was given. */
export function specProblems(issue: z.core.$ZodIssue, knownFields: readonly string[]): SpecProblem[] {
  const field = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  const place = placeOf(field);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ field: [...field, key], text: unknownText(place, key, knownFields) }));
  if (issue.input === undefined && issue.code === "invalid_type") return [{ field, text: `${place} is missing` }];
  return [{ field, text: `${place} ${allowedText(issue)}${givenText(issue.input)}` }];
}

/** `faults[0].delay`; the file itself has no path. */
function placeOf(path: FieldPath): string {
  if (path.length === 0) return "the fleet";
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  return text.replace(/^\./, "");
}

function unknownText(place: string, key: string, knownFields: readonly string[]): string {
  const meant = place === "the fleet" ? nearest(key, knownFields) : undefined;
  return `${place} has no field ${key}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function allowedText(issue: z.core.$ZodIssue): string {
  if (!issue.message.startsWith("Invalid input")) return issue.message;
  if (issue.code !== "invalid_type") return `is not allowed (${issue.message})`;
  if (issue.expected === "string") return 'must be a text; durations and shares carry their unit, as in "5s" or "2%"';
  return `must be of type ${issue.expected}`;
}

const MAX_GIVEN = 80;

function givenText(input: unknown): string {
  const json = JSON.stringify(input) as string | undefined;
  return json === undefined ? "" : `; given: ${json.length > MAX_GIVEN ? `${json.slice(0, MAX_GIVEN)}…` : json}`;
}
