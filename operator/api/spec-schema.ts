import {
  durationLimits,
  faultFields,
  faultTypes,
  fleetLimits,
  listLimits,
  MAX_PREFIX,
  MAX_SECONDS_AHEAD,
  measuredFields,
  OLDEST_MS,
  profiles,
} from "#fleets";
import { millisecondsOf, showDuration, type Rule } from "./cel.ts";
import { DEVICES_PER_POD, MAX_PODS } from "./names.ts";
import { duration, label, share, text, whole, words, type Schema } from "./schema-types.ts";

const DAY_MS = 86_400_000;

/** The fields of all faults; which of them belongs to which type is for the rules. */
const faultProperties: Readonly<Record<string, Schema>> = {
  type: words(faultTypes, "What goes wrong."),
  readings: share("Happens to this share of all readings, each decided for itself."),
  devices: share("Happens to this share of the devices, always the same ones."),
  every: duration(durationLimits.every, "Once in each such time."),
  duration: duration(durationLimits.episode, "How long it lasts."),
  delay: duration(durationLimits.delay, "How much later a reading is published."),
  field: words(measuredFields, "What is bent."),
  perHour: whole(fleetLimits.bend, "How fast the value moves away, in the field's own unit."),
  by: whole(fleetLimits.bend, "How far the value jumps, in the field's own unit."),
  offsetSeconds: whole(fleetLimits.offsetSeconds, "How far the clock is ahead, or behind if below 0."),
};

const has = (name: string): string => `has(self.${name})`;
const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

/** Each type has all of its fields, and none of another's. */
function faultRules(): Rule[] {
  const needed = Object.entries(faultFields).map(([type, names]) => ({
    rule: `self.type != '${type}' || (${names.map(has).join(" && ")})`,
    message: `${type} needs ${names.join(", ")}`,
  }));
  const foreign = Object.keys(faultProperties)
    .filter((name) => name !== "type")
    .map((name) => {
      const owners = faultTypes.filter((type) => faultFields[type].includes(name));
      return {
        rule: `!${has(name)} || self.type in [${quoted(owners)}]`,
        message: `${name} belongs to ${owners.join(", ")}`,
      };
    });
  const order = {
    rule: `!has(self.every) || !has(self.duration) || ${millisecondsOf("self.duration")} <= ${millisecondsOf("self.every")}`,
    message: "duration must not be longer than every",
  };
  return [...needed, ...foreign, order];
}

const weighted: Schema = {
  type: "object",
  required: ["location", "weight"],
  properties: {
    location: words(
      profiles.map(({ location }) => location),
      "A kind of place; part of the MQTT topic.",
    ),
    weight: whole(fleetLimits.weight, "Share of the devices, against the sum of all weights."),
  },
};

const stage: Schema = {
  type: "object",
  required: ["duration", "devicesPercent"],
  properties: {
    duration: duration(durationLimits.stage, "How long the stage lasts; the last one's share stays."),
    devicesPercent: whole(fleetLimits.devicesPercent, "Share of the devices that are on."),
    ramp: words(["Linear", "Step"], "Linear: evenly from the share before, at first 0. Step: at once.", "Step"),
  },
};

const quantities = (description: string): Schema => ({
  type: "object",
  maxProperties: 8,
  description,
  additionalProperties: {
    anyOf: [{ type: "integer" }, { type: "string" }],
    pattern: "^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$",
    "x-kubernetes-int-or-string": true,
  },
});

const template: Schema = {
  type: "object",
  description: "How the pods are made; a change replaces them one after the other.",
  default: {},
  properties: {
    devicesPerPod: whole(
      DEVICES_PER_POD,
      "Most devices of one pod. Cannot be changed: no device may run in two pods at once.",
    ),
    image: text(512, "The simulator's image; the operator's own choice if not given."),
    resources: {
      type: "object",
      properties: { requests: quantities("What a pod is given."), limits: quantities("What a pod may take at most.") },
      description: "Of each pod; for a resource that is not named: the operator's own choice.",
    },
    nodeSelector: {
      type: "object",
      maxProperties: 16,
      additionalProperties: { type: "string", maxLength: 63 },
      description: "Labels of the nodes that the pods may run on.",
    },
    priorityClassName: text(253, "Priority of the pods."),
  },
};

const run: Schema = {
  type: "object",
  description: "When the fleet runs.",
  default: {},
  properties: {
    runId: { ...text(63, "Another one begins the run, and its stages, anew."), default: "1" },
    maxDuration: duration(
      { min: 1000, max: 366 * DAY_MS },
      "The run is complete after it; without it the run never ends.",
    ),
    ttlAfterFinished: duration(
      { min: 0, max: 366 * DAY_MS },
      "The fleet is deleted so long after its run was complete.",
    ),
  },
};

const emptyFaults = "!has(self.faults)";
const ageOf = (fault: string): string =>
  [
    `${fault}.type == 'Late' && has(${fault}.delay) ? ${millisecondsOf(`${fault}.delay`)}`,
    `${fault}.type == 'Disconnect' && has(${fault}.duration) ? ${millisecondsOf(`${fault}.duration`)}`,
    `${fault}.type == 'ClockSkew' && has(${fault}.offsetSeconds) && ${fault}.offsetSeconds < 0 ? ${fault}.offsetSeconds * -1000`,
    "0",
  ].join(" : ");

const unchanged = (name: string): string =>
  `has(self.${name}) == has(oldSelf.${name}) && (!has(self.${name}) || self.${name} == oldSelf.${name})`;

/** Over several fields; each is a rule of `readFleet`, or of the operator. */
const specRules: readonly Rule[] = [
  {
    rule: `${millisecondsOf("self.jitter")} < ${millisecondsOf("self.interval")}`,
    message: "jitter must be less than interval, or readings would pass each other",
    fieldPath: ".jitter",
  },
  {
    rule: `${emptyFaults} || ${millisecondsOf("self.history")} + self.faults.map(f, ${ageOf("f")}).sum() <= ${OLDEST_MS}`,
    message: `history, and faults that delay or set clocks back, must not exceed ${showDuration(OLDEST_MS)} together: older readings are refused`,
    fieldPath: ".history",
  },
  {
    rule: `${emptyFaults} || self.faults.map(f, f.type == 'ClockSkew' && has(f.offsetSeconds) && f.offsetSeconds > 0 ? f.offsetSeconds : 0).sum() <= ${MAX_SECONDS_AHEAD}`,
    message: `faults must not set clocks more than ${MAX_SECONDS_AHEAD} s ahead together: later readings are refused`,
    fieldPath: ".faults",
  },
  {
    rule: `self.devices <= self.template.devicesPerPod * ${MAX_PODS}`,
    message: `devices must fit into ${MAX_PODS} pods: at most ${MAX_PODS} times template.devicesPerPod`,
    fieldPath: ".devices",
  },
  {
    rule: unchanged("deviceIdPrefix"),
    message: "deviceIdPrefix cannot be changed: the devices would be others; make another fleet",
    fieldPath: ".deviceIdPrefix",
  },
  {
    rule: "self.template.devicesPerPod == oldSelf.template.devicesPerPod",
    message: "template.devicesPerPod cannot be changed: a device would run in two pods for a while; make another fleet",
    fieldPath: ".template",
  },
];

/** The schema of `spec`: the same rules as `readFleet` of `#fleets`, from the same numbers; a test compares the two. */
export const specSchema: Schema = {
  type: "object",
  properties: {
    devices: whole(fleetLimits.devices, "How many devices the fleet has; `kubectl scale` changes it."),
    deviceIdPrefix: label(MAX_PREFIX, "Sensor ids begin with it; the fleet's name if not given. Cannot be changed."),
    seed: whole(fleetLimits.seed, "The same seed gives the same readings."),
    interval: duration(durationLimits.interval, "Time between two readings of a device."),
    jitter: duration(durationLimits.jitter, "Readings come up to half of it early or late; less than the interval."),
    history: duration(durationLimits.history, "Readings of the past, one a minute, before the live ones."),
    profiles: {
      type: "array",
      minItems: 1,
      maxItems: listLimits.profiles,
      items: weighted,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["location"],
      "x-kubernetes-validations": [
        { rule: "self.map(p, p.weight).sum() > 0", message: "profiles must have weights whose sum is greater than 0" },
      ],
      description: "Where the devices stand; all ten places with weight 1 if not given.",
    },
    stages: {
      type: "array",
      maxItems: listLimits.stages,
      items: stage,
      "x-kubernetes-list-type": "atomic",
      "x-kubernetes-validations": [
        {
          rule: "size(self) == 0 || self.exists(s, s.devicesPercent > 0)",
          message: "stages must have one with devicesPercent above 0",
        },
      ],
      description: "A load curve from the start of the run; all devices from the start if not given.",
    },
    faults: {
      type: "array",
      maxItems: listLimits.faults,
      items: {
        type: "object",
        required: ["type"],
        properties: faultProperties,
        "x-kubernetes-validations": faultRules(),
      },
      "x-kubernetes-list-type": "atomic",
      description: "What goes wrong on purpose.",
    },
    connectsPerSecond: whole(fleetLimits.connectsPerSecond, "Most connects a second, of each pod."),
    maxInFlight: whole(fleetLimits.maxInFlight, "Publishes of one device that wait for their PUBACK."),
    suspend: { type: "boolean", default: false, description: "No pods; the run begins anew when it is false again." },
    run,
    template,
  },
  "x-kubernetes-validations": specRules,
};
