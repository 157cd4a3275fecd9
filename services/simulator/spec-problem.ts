import type { z } from "zod";
import { nearest } from "#runtime/nearest";

/** One issue of a fleet file in plain words: where, what is allowed, what was given. */
export function problemText(issue: z.core.$ZodIssue, knownFields: readonly string[]): string[] {
  const place = placeOf(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownText(place, key, knownFields));
  if (issue.input === undefined && issue.code === "invalid_type") return [`${place} is missing`];
  return [`${place} ${allowedText(issue)}${givenText(issue.input)}`];
}

/** `faults[0].delay`; the file itself has no path. */
function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the fleet";
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
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
