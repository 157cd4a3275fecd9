import { expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { readCommandLine } from "../config.ts";

const optionsOf = (args: string[], environment: Record<string, string> = {}, isTerminal = true) => {
  const command = readCommandLine(args, environment, isTerminal);
  return command.kind === "run" ? command.options : command.kind;
};

test("without anything: both fleets, until Ctrl-C, as a table", () => {
  expect(optionsOf([])).toEqual({
    plain: false,
    durationMs: undefined,
    fleets: ["fleets/house.yaml", "fleets/city.yaml"],
    directory: expect.stringMatching(/\.local\/demo$/) as string,
  });
  expect(optionsOf(["--help"])).toBe("help");
});

test.each([
  ["60", 60_000],
  ["90s", 90_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
])("DURATION=%s", (text, durationMs) => {
  expect(optionsOf([], { DURATION: text })).toMatchObject({ durationMs });
});

test("an empty DURATION is none, and the flag wins over the variable", () => {
  expect(optionsOf([], { DURATION: "" })).toMatchObject({ durationMs: undefined });
  expect(optionsOf(["--duration", "5"], { DURATION: "60" })).toMatchObject({ durationMs: 5000 });
});

test("lines instead of a table: when asked for, and without a terminal", () => {
  expect(optionsOf(["--plain"])).toMatchObject({ plain: true });
  expect(optionsOf([], {}, false)).toMatchObject({ plain: true });
});

test.each([[["--duration", "soon"]], [["--duration", "0"]], [["--duration", "-5"]], [["--what"]], [["file"]]])(
  "%j is refused",
  (args) => expect(() => readCommandLine(args, {}, true)).toThrow(ConfigError),
);
