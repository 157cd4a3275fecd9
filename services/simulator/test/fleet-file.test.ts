import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { rangeOf } from "../config.ts";
import { readFleetFile, readSource } from "../fleet-file.ts";

const FLEETS = fileURLToPath(new URL("../../../fleets", import.meta.url));
const path = join(mkdtempSync(join(tmpdir(), "fleet-")), "x.yaml");

function problemsOf(yaml: string): string[] {
  writeFileSync(path, yaml);
  try {
    readFleetFile(path);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replace(path, "x.yaml"));
    throw error;
  }
  return [];
}

test.each(readdirSync(FLEETS).filter((name) => name.endsWith(".yaml")))("fleets/%s is a fleet", (name) => {
  const fleet = readFleetFile(join(FLEETS, name));
  expect(readSource(join(FLEETS, name), fleet).device(0).nextDueMs(0)).toBeGreaterThanOrEqual(0);
});

test.each<{ what: string; yaml: string; problems: RegExp[] }>([
  { what: "a wrong value", yaml: "name: city\n\ndevices: -1\n", problems: [/^x\.yaml:3: devices must be/] },
  {
    what: "a wrong value in a list",
    yaml: "name: c\nfaults:\n  - type: Duplicate\n    readings: 2\n",
    problems: [/^x\.yaml:4: faults\[0\]\.readings/],
  },
  {
    what: "in flow style",
    yaml: "name: c\nfaults:\n  - { type: Late, readings: 1%,\n      delay: soon }\n",
    problems: [/^x\.yaml:4: faults\[0\]\.delay/],
  },
  {
    what: "something missing",
    yaml: "name: c\nstages:\n  - devicesPercent: 3\n",
    problems: [/^x\.yaml:3: stages\[0\]\.duration is missing/],
  },
  { what: "the name missing", yaml: "devices: 3\n", problems: [/^x\.yaml:1: name is missing/] },
  {
    what: "an unknown field",
    yaml: "name: c\nintervall: 1s\n",
    problems: [/^x\.yaml:2: the fleet has no field intervall; did you mean interval/],
  },
  {
    what: "a rule over two fields",
    yaml: "name: c\ninterval: 1s\njitter: 1s\n",
    problems: [/^x\.yaml:3: jitter must be less/],
  },
  {
    what: "beside a replay",
    yaml: "name: c\ndevices: 3\nreplay:\n  file: x\n  timeColumn: t\n  devices: [{ location: a, columns: {} }]\n",
    problems: [/^x\.yaml:2: devices must not stand beside replay/],
  },
  {
    what: "two with one id",
    yaml: "name: c\nreplay:\n  file: x\n  timeColumn: t\n  devices: [{ location: a, columns: {} }, { location: a, columns: {} }]\n",
    problems: [/^x\.yaml:2: replay must give each device an id of its own; not one: c-a/],
  },
  {
    what: "a field that is not free",
    yaml: "name: c\nreplay:\n  file: x\n  timeColumn: t\n  devices: [{ location: a, columns: { seq: T } }]\n",
    problems: [/^x\.yaml:5: replay\.devices\[0\]\.columns must have names/],
  },
  { what: "a key twice", yaml: "name: c\nname: d\n", problems: [/^x\.yaml:2: Map keys must be unique/] },
  { what: "no YAML", yaml: "name: [c\n", problems: [/^x\.yaml:2: /] },
  { what: "two documents", yaml: "name: c\n---\nname: d\n", problems: [/^x\.yaml:2: .*multiple documents/] },
  { what: "a tag that is not known", yaml: "name: !city c\n", problems: [/^x\.yaml:1: Unresolved tag/] },
  { what: "nothing", yaml: "", problems: [/^x\.yaml:1: the fleet must be/] },
  { what: "several", yaml: "name: C\ndevices: x\n", problems: [/^x\.yaml:1: name/, /^x\.yaml:2: devices/] },
])("$what: file, line and field", ({ yaml, problems }) => {
  expect(problemsOf(yaml)).toEqual(problems.map((problem): unknown => expect.stringMatching(problem)));
});

test("an alias that grows without bound is refused", () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level += 1)
    bomb.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  expect(problemsOf(bomb.join("\n"))).toEqual([expect.stringMatching(/alias/)]);
});

test("no file, or a very large one, is a problem and not a crash", () => {
  expect(() => readFleetFile(join(path, "nowhere"))).toThrow(ConfigError);
  expect(problemsOf(`name: c\n${"# x\n".repeat(300_000)}`)).toEqual([expect.stringMatching(/larger than/)]);
});

test.each([
  [{ PART_INDEX: 0, PART_DEVICES: 500 }, 100, { from: 0, to: 100 }],
  [{ PART_INDEX: 0, PART_DEVICES: 500 }, 501, { from: 0, to: 500 }],
  [{ PART_INDEX: 1, PART_DEVICES: 500 }, 501, { from: 500, to: 501 }],
  [{ PART_INDEX: 1, PART_DEVICES: 500 }, 100, { from: 500, to: 500 }],
  [{}, 7, { from: 0, to: 7 }],
  [{ FIRST_DEVICE: 2, DEVICE_COUNT: 3 }, 7, { from: 2, to: 5 }],
])("%j of %i devices: %j", (given, devices, range) => {
  const config = { FIRST_DEVICE: 0, DEVICE_COUNT: undefined, PART_INDEX: undefined, PART_DEVICES: undefined, ...given };
  expect(rangeOf(config, { devices })).toEqual(range);
});
