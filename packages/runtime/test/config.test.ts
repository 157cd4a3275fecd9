import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  addresses,
  boolean,
  bytes,
  choice,
  ConfigError,
  configTable,
  duration,
  integer,
  list,
  loadConfig,
  port,
  runtimeVariables,
  secret,
  text,
  url,
} from "#runtime";

const schema = z.object({
  PART_BROKERS: addresses().describe("Kafka."),
  PART_FLUSH_INTERVAL: duration({ min: 1, max: 60_000 }).default(1500).describe("How often | to flush."),
  PART_MAX_BATCH: bytes({ max: 10 * 1024 ** 2 }).default(512 * 1024),
  PART_PASSWORD: secret().describe("Of the broker."),
  PART_TLS: boolean().default(true),
  PART_NOTE: text().optional().describe("Anything."),
});

const good = { PART_BROKERS: "a:9092, b:9093", PART_PASSWORD: "hunter2" };

function problems(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(schema, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test("values are parsed, defaults filled in, what is not asked for is left out", () => {
  expect(loadConfig(schema, { ...good, PATH: "/bin", PART_NOTE: "" })).toEqual({
    config: {
      PART_BROKERS: ["a:9092", "b:9093"],
      PART_FLUSH_INTERVAL: 1500,
      PART_MAX_BATCH: 524_288,
      PART_PASSWORD: "hunter2",
      PART_TLS: true,
    },
    warnings: [],
  });
});

test("all problems come at once, each with the variable, what was given and what is allowed", () => {
  expect(
    problems({ PART_BROKERS: "nowhere", PART_FLUSH_INTERVAL: "2h", PART_MAX_BATCH: "10MB", PART_TLS: "yes" }),
  ).toEqual([
    'PART_BROKERS must be one or more host:port, separated by commas; given: "nowhere"',
    'PART_FLUSH_INTERVAL must be a whole number with one of the units ms, s, m, h, d, from 1ms to 1m; given: "2h"',
    'PART_MAX_BATCH must be a whole number with one of the units B, KiB, MiB, GiB, from 0B to 10MiB; given: "10MB"',
    "PART_PASSWORD must be a text that is not empty; it is not set",
    'PART_TLS must be true or false; given: "yes"',
  ]);
});

test("the value of a secret is in no message", () => {
  const strict = z.object({ TOKEN: secret().refine((value) => value.length > 20, "must be longer") });
  expect(() => loadConfig(strict, { TOKEN: "hunter2" })).toThrow(/TOKEN must be longer; the value given is secret/);
  expect(() => loadConfig(strict, { TOKEN: "hunter2" })).not.toThrow(/hunter2/);
});

test("a rule over several variables is reported with its own words", () => {
  const pair = z
    .object({ LOW: integer(), HIGH: integer() })
    .refine(({ LOW, HIGH }) => LOW < HIGH, "LOW must be below HIGH");
  expect(() => loadConfig(pair, { LOW: "2", HIGH: "1" })).toThrow("LOW must be below HIGH");
});

test("an unknown variable with the service's prefix is a warning with the nearest name", () => {
  const environment = { ...good, PART_FLUSH_INTERVALL: "1s", PART_XYZ: "1", OTHER: "1", PART_PORT_9092_TCP: "tcp://x" };
  expect(loadConfig(schema, environment, { prefixes: ["PART_"] }).warnings).toEqual([
    "PART_FLUSH_INTERVALL is not a variable of this service; did you mean PART_FLUSH_INTERVAL?",
    "PART_XYZ is not a variable of this service",
  ]);
});

test("a duration ends at the longest timer, unless another end is given", () => {
  const type = duration();
  expect(type.safeParse("24d").data).toBeLessThan(2 ** 31);
  expect(type.safeParse("25d").error?.issues[0]?.message).toMatch(/, from 0ms to 24d$/);
  const age = duration({ max: Infinity });
  expect(age.safeParse("400d").success).toBe(true);
  expect(age.safeParse("x").error?.issues[0]?.message).toMatch(/, at least 0ms$/);
});

describe("types", () => {
  const parse = (type: z.ZodType, given: string): unknown => type.safeParse(given).data;

  test.each([
    [duration(), { "0s": 0, "250ms": 250, "5s": 5000, "10m": 600_000, "1h": 3_600_000, "7d": 604_800_000 }],
    [bytes(), { "1B": 1, "16KiB": 16_384, "10MiB": 10_485_760, "2GiB": 2_147_483_648 }],
    [integer({ min: -1, max: 3 }), { "-1": -1, "0": 0, "3": 3 }],
    [port(), { "0": 0, "65535": 65_535 }],
    [boolean(), { true: true, false: false }],
    [list(), { a: ["a"], " a , b c ": ["a", "b c"] }],
    [addresses(), { "h:1": ["h:1"], "[::1]:9": ["[::1]:9"] }],
    [choice(["a", "b"]), { a: "a" }],
    [url(["mqtt:", "mqtts:"]), { "mqtts://h:1": "mqtts://h:1" }],
  ])("accepts %#", (type, cases) => {
    for (const [given, value] of Object.entries(cases)) expect(parse(type, given), given).toEqual(value);
  });

  test.each([
    [duration(), ["", "5", "-5s", "1.5s", "5 s", "5S", "9999999999999999d"]],
    [bytes(), ["1KB", "1024", "1mib"]],
    [integer({ min: -1, max: 3 }), ["-2", "4", "1.0", "1e0", "0x1", " 1", "9007199254740993"]],
    [port(), ["-1", "65536", "http"]],
    [boolean(), ["1", "TRUE", "yes", ""]],
    [list(), ["a,", ",", "a,,b"]],
    [addresses(), ["h", "h:", "h:123456", "http://h:1", "a:1;b:2"]],
    [choice(["a", "b"]), ["c", "A", "ab"]],
    [url(["mqtt:"]), ["h:1", "http://h", "mqtt://user:pass@h"]],
  ])("refuses %#", (type, cases) => {
    for (const given of cases) expect(type.safeParse(given).success, given).toBe(false);
  });
});

test("the table has names, types, defaults as one would write them, and meanings", () => {
  expect(configTable(schema)).toBe(
    [
      "| variable | type | default | meaning |",
      "| --- | --- | --- | --- |",
      "| `PART_BROKERS` | list | required | Kafka. |",
      "| `PART_FLUSH_INTERVAL` | duration | `1500ms` | How often \\| to flush. |",
      "| `PART_MAX_BATCH` | bytes | `512KiB` |  |",
      "| `PART_PASSWORD` | secret | required | Of the broker. |",
      "| `PART_TLS` | boolean | `true` |  |",
      "| `PART_NOTE` | text | none | Anything. |",
      "",
    ].join("\n"),
  );
});

test("the README shows the variables of every service as they are", async () => {
  const { readFile } = await import("node:fs/promises");
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  expect(readme).toContain(configTable(z.object(runtimeVariables)));
});
