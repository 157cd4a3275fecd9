import { readFleet } from "#fleets";
import { ConfigError } from "#runtime";
import { API_VERSION, KIND, MAX_FLEET_NAME } from "./names.ts";
import { OWN_FIELDS } from "./fleet-file.ts";
import { schemaProblems } from "./schema-problems.ts";
import { specSchema } from "./spec-schema.ts";

/** A `SensorFleet` as a person writes it: without defaults and status. */
export interface FleetManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a fleet file has and a `SensorFleet` has not, or elsewhere. */
const FILE_ONLY = ["name", "replay", "startTime"];

/**
 * Checks a manifest of a `SensorFleet` for a namespace, as far as that can be done without the API server.
 *
 * @throws {ConfigError} with every problem; those of the fleet in the words of `readFleet`.
 */
export function readManifest(given: unknown, namespace: string): FleetManifest {
  const { apiVersion, kind, metadata, spec } = fieldsOf(given);
  const { name, namespace: of = namespace, labels, annotations } = fieldsOf(metadata);
  const problems = [
    ...(apiVersion === API_VERSION ? [] : [`apiVersion must be ${API_VERSION}`]),
    ...(kind === KIND ? [] : [`kind must be ${KIND}`]),
    ...(isRecord(spec) ? [] : ["spec must be given"]),
    ...(of === namespace ? [] : [`metadata.namespace must be ${namespace}, or not given`]),
    ...(String(name).length <= MAX_FLEET_NAME ? [] : [`name must have at most ${MAX_FLEET_NAME} characters`]),
    ...FILE_ONLY.filter((field) => field in fieldsOf(spec)).map(
      (field) => `${field} is not a field of a ${KIND}'s spec`,
    ),
    ...fleetProblems({ ...fieldsOf(spec), name }),
    ...OWN_FIELDS.flatMap((field) => ownProblems(field, fieldsOf(spec)[field])),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { apiVersion, kind, metadata: { name, labels, annotations }, spec } as FleetManifest;
}

function fleetProblems({ name, ...spec }: Fields): readonly string[] {
  const others = [...OWN_FIELDS, ...FILE_ONLY];
  try {
    readFleet({ name, ...Object.fromEntries(Object.entries(spec).filter(([field]) => !others.includes(field))) });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** What `readFleet` does not know. */
function ownProblems(field: string, value: unknown): string[] {
  const schema = specSchema.properties?.[field];
  return schema === undefined || value === undefined ? [] : schemaProblems(schema, value, field);
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
