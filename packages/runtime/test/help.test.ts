import { expect, test } from "vitest";
import { z } from "zod";
import { asksForHelp, duration, helpText, secret, text } from "#runtime";

const schema = z.object({
  URL: text().describe("Where."),
  PERIOD: duration().default(5000).describe("How often."),
  KEY: secret().optional().describe("Who."),
});

test("every variable in columns, with what is required and what is the default", () => {
  expect(helpText({ summary: "Does it.", usage: "it URL=x", schema, notes: ["Note."] })).toBe(
    [
      "Does it.",
      "",
      "  it URL=x",
      "",
      "  URL     text      Where. (required)",
      "  PERIOD  duration  How often. [5s]",
      "  KEY     secret    Who.",
      "",
      "Note.",
      "",
    ].join("\n"),
  );
});

test("a label may turn variables into flags", () => {
  const label = (name: string): string => `--${name.toLowerCase()}`;
  expect(helpText({ summary: "", usage: "", schema, label })).toContain("\n  --period  duration  How often. [5s]\n");
});

test("help is asked for in two ways", () => {
  expect([["--help"], ["-h"], ["x", "-h"], [], ["help"]].map(asksForHelp)).toEqual([true, true, true, false, false]);
});
