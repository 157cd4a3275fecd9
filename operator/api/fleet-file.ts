import { readFleet, type Fleet } from "#fleets";
import type { SensorFleet } from "./sensor-fleet.ts";

/**
 * The fleet file of a `SensorFleet`, as the simulator reads it; `startTime` is when its stages began. Written as JSON,
 * which YAML 1.2 includes.
 */
export function fleetFileOf({ metadata, spec }: SensorFleet, startTime: string | undefined): string {
  return `${JSON.stringify({ name: metadata.name, ...fieldsOf(spec), startTime }, null, 2)}\n`;
}

/**
 * The fleet of a `SensorFleet`.
 *
 * @throws ConfigError with every problem; the schema lets none through, so this is for objects from before a new rule.
 */
export function fleetOf({ metadata, spec }: SensorFleet): Fleet {
  return readFleet({ name: metadata.name, ...fieldsOf(spec) });
}

/** What only the operator reads. */
export const OWN_FIELDS = ["suspend", "run", "template"];

function fieldsOf(spec: SensorFleet["spec"]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !OWN_FIELDS.includes(name)));
}
