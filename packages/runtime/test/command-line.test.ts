import { expect, test } from "vitest";
import { z } from "zod";
import { flagName, integer, loadConfig, readArguments, text, type Flags } from "#runtime";

const flags: Flags = {
  "create-tables": { variable: "CREATE_TABLES", type: "boolean" },
  "rest-port": { variable: "REST_PORT", type: "string" },
};

test.each([
  [[], {}],
  [["--create-tables"], { CREATE_TABLES: "true" }],
  [["--rest-port", "80"], { REST_PORT: "80" }],
  [["--rest-port=80", "--create-tables", "--rest-port=81"], { REST_PORT: "81", CREATE_TABLES: "true" }],
])("%j are variables", (args, variables) => {
  expect(readArguments(args, flags)).toEqual({ variables, problems: [] });
});

test("everything that is not known is a problem, all at once", () => {
  expect(readArguments(["--creat-tables", "now", "-x", "--create-tables=no", "--rest-port"], flags).problems).toEqual([
    "--creat-tables is no flag of this program; did you mean --create-tables? (see --help)",
    '"now" is no argument of this program (see --help)',
    "-x is no flag of this program (see --help)",
    "--create-tables takes no value (see --help)",
    "--rest-port must be followed by a value (see --help)",
  ]);
  expect(readArguments(["--create-tables"]).problems).toEqual([
    "--create-tables is no flag of this program (see --help)",
  ]);
  expect(readArguments(["--constructor"], flags).problems).toHaveLength(1);
  expect(readArguments(["--rest-port", "--create-tables"], flags).problems).toHaveLength(1);
});

test("a variable's flag wins over it, and problems of both come together", () => {
  const schema = z.object({ REST_PORT: integer(), NAME: text() });
  const environment = { REST_PORT: "1", NAME: "x" };
  expect(loadConfig(schema, environment, { args: ["--rest-port", "2"], flags }).config.REST_PORT).toBe(2);
  expect(() => loadConfig(schema, environment, { args: ["--verbose"] })).toThrow(/--verbose is no flag/);
  expect(() => loadConfig(schema, { REST_PORT: "x" }, { args: ["--verbose"], flags })).toThrow(
    /--verbose is no flag[^]*REST_PORT must be[^]*NAME must be/,
  );
  expect(() => loadConfig(schema, environment, { args: ["--rest-port", "x"], flags })).toThrow(/REST_PORT .*"x"/);
});

test("a flag's name is its variable's", () => {
  expect(flagName("FAULT_ADMIN_PORT")).toBe("fault-admin-port");
});
