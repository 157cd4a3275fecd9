import type { FunctionEntry } from "./entry.ts";
import { AGGREGATES } from "./aggregate.ts";
import { ARRAYS } from "./array.ts";
import { CONDITIONALS } from "./conditional.ts";
import { DATES } from "./date.ts";
import { FORMATS } from "./format.ts";
import { JSONS } from "./json.ts";
import { MATHS } from "./math.ts";
import { STATISTICS } from "./statistics.ts";
import { STRINGS } from "./string.ts";
import { TIMESTAMPS } from "./timestamp.ts";
import { WINDOWS } from "./window.ts";

/** Every supported function with each of its signatures, and the page that documents it. Anything else is refused. */
export const SUPPORTED_FUNCTIONS: readonly FunctionEntry[] = [
  ...AGGREGATES,
  ...STATISTICS,
  ...WINDOWS,
  ...CONDITIONALS,
  ...STRINGS,
  ...MATHS,
  ...DATES,
  ...TIMESTAMPS,
  ...FORMATS,
  ...ARRAYS,
  ...JSONS,
];

const BY_NAME = Map.groupBy(SUPPORTED_FUNCTIONS, (entry) => entry.name);

export function functionsNamed(name: string): readonly FunctionEntry[] {
  return BY_NAME.get(name) ?? [];
}
