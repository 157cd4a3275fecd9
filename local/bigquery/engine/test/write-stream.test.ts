import { describe, expect, it } from "vitest";
import { type AppendDecision, decideAppend } from "../write-stream.ts";

describe("decideAppend", () => {
  it.each<[string, number, boolean, number | undefined, AppendDecision]>([
    ["no offset, empty stream", 0, false, undefined, { kind: "store", offset: 0 }],
    ["no offset: at the end", 7, false, undefined, { kind: "store", offset: 7 }],
    ["the end", 7, false, 7, { kind: "store", offset: 7 }],
    ["one before the end", 7, false, 6, { kind: "alreadyExists", expected: 7 }],
    ["one past the end", 7, false, 8, { kind: "outOfRange", expected: 7 }],
    ["finalized, at the end", 7, true, 7, { kind: "finalized" }],
    ["finalized, before the end", 7, true, 0, { kind: "finalized" }],
  ])("%s", (_name, rows, finalized, offset, expected) => {
    expect(decideAppend({ rows, finalized }, offset)).toEqual(expected);
  });
});
