import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configTable } from "#runtime";
import { encodeMetadata, type CommitMetadata } from "../commit-metadata.ts";
import { reappendSchema } from "../reappend/config.ts";
import { reappendPlan } from "../reappend/plan.ts";

const METADATA: CommitMetadata = {
  ...{ v: 1, mode: "exactly-once", table: "t", stream: "t/streams/1", rows: 5 },
  ...{ until: 9, seenMs: 1 },
};
const committed = (offset: number, metadata: Partial<CommitMetadata> | string = {}) => ({
  offset,
  metadata: typeof metadata === "string" ? metadata : encodeMetadata({ ...METADATA, ...metadata }),
});

test.each([
  ["nothing was committed", undefined, 3, { kind: "nothing" }],
  ["not written yet: never forward", committed(3), 4, { kind: "nothing" }],
  ["exactly there", committed(3), 3, { kind: "nothing" }],
  ["one record", committed(4), 3, { kind: "back", offset: 3, records: 1, stream: "t/streams/1" }],
  ["no stream to end", committed(4, { stream: null }), 0, { kind: "back", offset: 0, records: 4, stream: undefined }],
  ["offsets reset by hand", committed(4, ""), 0, { kind: "back", offset: 0, records: 4, stream: undefined }],
  [
    "another table",
    committed(4, { table: "u" }),
    0,
    { kind: "refuse", reason: "the group has written to u, not to t" },
  ],
  ["another program", committed(4, "hello"), 0, { kind: "refuse", reason: expect.stringContaining("hello") as string }],
])("%s", (_, position, sinceOffset, plan) => {
  expect(reappendPlan({ committed: position, sinceOffset, table: "t" })).toEqual(plan);
});

test("the table of variables is the schema's", () => {
  const readme = readFileSync(new URL("../reappend/README.md", import.meta.url), "utf8");
  expect(readme).toContain(configTable(reappendSchema));
});
