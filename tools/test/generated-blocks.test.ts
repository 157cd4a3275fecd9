import { describe, expect, it } from "vitest";
import { replaceBlocks } from "../generated-blocks.ts";

describe("replaceBlocks", () => {
  it("replaces what stands between the marks, and nothing else", () => {
    const page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n";
    expect(replaceBlocks(page, { x: "new\n" })).toBe("a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb\n");
    expect(replaceBlocks(replaceBlocks(page, { x: "1\n" }), { x: "2\n" })).toContain("2");
  });

  it("refuses a block that nothing fills, and content that has no block", () => {
    expect(() => replaceBlocks("<!-- generated: y -->\n<!-- end -->", {})).toThrow(/"y"/);
    expect(() => replaceBlocks("", { x: "" })).toThrow(/no block for x/);
  });
});
