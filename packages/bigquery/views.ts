import { readFileSync } from "node:fs";
import { bigQueryNames, eventColumns } from "#events";
import type { TableId } from "./table-id.ts";

/** A view over `iot_events`, ready to be created. */
export interface ViewDefinition {
  readonly name: string;
  readonly description: string;
  /** GoogleSQL; names its tables in full, as a view must. */
  readonly query: string;
  /** What each column means, by its name. */
  readonly columnDescriptions: Readonly<Record<string, string>>;
}

const ofEvents = Object.fromEntries(eventColumns.map(({ name, description }) => [name, description]));

const DEFINITIONS: readonly Omit<ViewDefinition, "query">[] = [
  {
    name: bigQueryNames.uniqueEvents,
    description: "Every reading once: of what was delivered again, the row that came first.",
    columnDescriptions: ofEvents,
  },
  {
    name: bigQueryNames.latest,
    description: "The last reading of each sensor by its own clock, if it is not older than seven days.",
    columnDescriptions: ofEvents,
  },
  {
    name: bigQueryNames.anomalies,
    description: "Values more than five standard deviations away from the mean of the sensor's 60 readings before.",
    columnDescriptions: {
      ...ofEvents,
      field: "The column that holds the value: temperature_c or humidity_pct.",
      value: "What was measured, in the unit of that column.",
      expected: "Mean of the sensor's 60 readings before, at least 20.",
      deviation: "Standard deviation of these readings, at least 0.2.",
      score: "Distance from what was expected in standard deviations, with its sign.",
    },
  },
  {
    name: bigQueryNames.deliveryAudit,
    description: "For each start of each sensor: which numbers arrived, which are missing, and what came twice.",
    columnDescriptions: {
      ...ofEvents,
      first_seq: "Lowest number that is stored.",
      last_seq: "Highest number that is stored.",
      first_event_time: "Time of the earliest reading.",
      last_event_time: "Time of the latest reading.",
      row_count: "Rows in iot_events.",
      readings: "Different readings among them.",
      missing:
        "Numbers between the first and the last that are not stored: rejected (see the dead letters), still on their way, or lost.",
      redelivered:
        "Kafka records beyond each reading's first: repeated by the device, by MQTT or by a replaced producer.",
      stored_twice: "Rows beyond each Kafka record's first. Exactly once means that this is 0.",
    },
  },
];

/** The views of the project in the order in which they can be created: one may read another. */
export function viewDefinitions({ project, dataset }: Pick<TableId, "project" | "dataset">): ViewDefinition[] {
  return DEFINITIONS.map((definition) => ({
    ...definition,
    query: sqlOf(definition.name).replaceAll("${project}", project).replaceAll("${dataset}", dataset),
  }));
}

function sqlOf(name: string): string {
  return readFileSync(new URL(`views/${name}.sql`, import.meta.url), "utf8");
}
