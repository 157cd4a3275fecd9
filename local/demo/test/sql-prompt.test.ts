import { expect, test } from "vitest";
import { readInput } from "../sql-prompt.ts";

test.each([
  ["", "SELECT 1;", { kind: "statement", text: "SELECT 1" }],
  ["", "  SELECT 1 ;  ", { kind: "statement", text: "SELECT 1" }],
  ["", "SELECT 1", { kind: "unfinished", rest: "SELECT 1\n" }],
  ["SELECT 1\n", "+ 2;", { kind: "statement", text: "SELECT 1\n+ 2" }],
  ["SELECT 1\n", "", { kind: "unfinished", rest: "SELECT 1\n\n" }],
  ["SELECT 1\n", ";", { kind: "statement", text: "SELECT 1" }],
  ["", "", { kind: "nothing" }],
  ["", " ;", { kind: "nothing" }],
  ["", "\\q", { kind: "end" }],
  ["", "exit", { kind: "end" }],
  ["", "QUIT;", { kind: "end" }],
  ["", "help", { kind: "help" }],
  ["", "\\?", { kind: "help" }],
  // A column may be called so.
  ["SELECT\n", "exit", { kind: "unfinished", rest: "SELECT\nexit\n" }],
])("after %j the line %j", (rest, line, expected) => {
  expect(readInput(rest, line)).toEqual(expected);
});
