import { LABEL_PATTERN } from "#fleets";
import type { KubeObject } from "#kubernetes";
import { GROUP, KIND, MAX_FLEET_NAME, PLURAL, READER, VERSION } from "./names.ts";
import { conditionTypes } from "./sensor-fleet.ts";
import { text, time, whole, words, type Schema } from "./schema-types.ts";
import { specSchema } from "./spec-schema.ts";

const count = (description: string): Schema => whole({ min: 0, max: 2 ** 31 - 1 }, description);

const condition: Schema = {
  type: "object",
  required: ["type", "status", "reason", "message", "lastTransitionTime"],
  properties: {
    type: words(conditionTypes, "What it is about."),
    status: words(["True", "False", "Unknown"], "Whether it holds."),
    reason: text(128, "Why, in one word."),
    message: { type: "string", maxLength: 4096, description: "Why, in words." },
    lastTransitionTime: time("When the status changed last."),
    observedGeneration: { type: "integer", format: "int64", minimum: 0, description: "Of the spec that it is about." },
  },
};

export const statusSchema: Schema = {
  type: "object",
  properties: {
    observedGeneration: { type: "integer", format: "int64", description: "Of the spec that all of this is about." },
    devices: count("Devices that the pods have been given."),
    selector: { type: "string", description: "Selects the pods of the fleet." },
    connectedDevices: count("Devices with a connection to the broker, rounded."),
    messagesPerSecond: count("Readings that the broker acknowledged, a second, rounded."),
    pods: { type: "string", description: "Ready pods of those wanted." },
    stage: { type: "string", description: "The present stage of all stages." },
    stageStartedAt: time("When the present stage began."),
    stageEndsAt: time("When the present stage ends."),
    faults: { type: "string", description: "The types of the fault rules." },
    image: { type: "string", description: "The image of the pods." },
    runId: { type: "string", description: "The present run." },
    startTime: time("When the present run began."),
    completionTime: time("When the present run was complete."),
    conditions: {
      type: "array",
      maxItems: 16,
      items: condition,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    },
  },
};

/** A column of `kubectl get`; priority 1: only with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly priority?: number;
  readonly description?: string;
}

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

export const columns: readonly Column[] = [
  { name: "Devices", type: "integer", jsonPath: ".spec.devices", description: "As asked for." },
  {
    name: "Connected",
    type: "integer",
    jsonPath: ".status.connectedDevices",
    description: "With a connection, rounded.",
  },
  { name: "Pods", type: "string", jsonPath: ".status.pods", description: "Ready of wanted." },
  { name: "Stage", type: "string", jsonPath: ".status.stage", description: "The present one of all." },
  { name: "Ready", type: "string", jsonPath: ready("status"), description: "Whether all is well." },
  { name: "Reason", type: "string", jsonPath: ready("reason"), description: "Why, or why not." },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Since it was made." },
  {
    name: "Msgs/s",
    type: "integer",
    jsonPath: ".status.messagesPerSecond",
    priority: 1,
    description: "Acknowledged readings a second, rounded.",
  },
  { name: "Faults", type: "string", jsonPath: ".status.faults", priority: 1, description: "Types of the fault rules." },
  { name: "Seed", type: "integer", jsonPath: ".spec.seed", priority: 1, description: "Of the readings." },
  { name: "Run", type: "string", jsonPath: ".status.runId", priority: 1, description: "The present one." },
  { name: "Image", type: "string", jsonPath: ".status.image", priority: 1, description: "Of the pods." },
];

const schema: Schema = {
  type: "object",
  description: "A fleet of virtual devices that measure, fail and recover like real ones.",
  required: ["spec"],
  properties: { spec: specSchema, status: statusSchema },
  "x-kubernetes-validations": [
    {
      rule: `size(self.metadata.name) <= ${MAX_FLEET_NAME} && self.metadata.name.matches('${LABEL_PATTERN}')`,
      message: `a fleet's name must be at most ${MAX_FLEET_NAME} of a-z, 0-9 and -, with a letter or digit at both ends`,
    },
    {
      rule: `self.metadata.name != '${READER}'`,
      message: `a fleet cannot be called ${READER}: the broker lets the user of that name read what all fleets send`,
    },
  ],
};

/** The CustomResourceDefinition of `SensorFleet`: all rules are in its schema, there is no webhook. */
export const sensorFleetCrd: KubeObject & { readonly spec: unknown } = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${PLURAL}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: "sensorfleet", shortNames: ["sf"] },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.devices",
            statusReplicasPath: ".status.devices",
            labelSelectorPath: ".status.selector",
          },
        },
        additionalPrinterColumns: columns,
      },
    ],
  },
};
