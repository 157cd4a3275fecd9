import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { judgeCode, judgeReply } from "../append-reply.ts";

test("only an answer with a result, or that the offset is there already, means stored", () => {
  expect(judgeReply({ appendResult: { offset: { value: "7" } } })).toEqual({ kind: "stored", offset: 7 });
  expect(judgeReply({ appendResult: {} })).toEqual({ kind: "stored", offset: undefined });
  expect(judgeReply({ error: { code: status.ALREADY_EXISTS } })).toEqual({ kind: "stored", offset: undefined });
  expect(judgeReply({})).toMatchObject({ kind: "transient" });
});

test("row errors say which rows, whatever the code beside them", () => {
  const reply = {
    error: { code: status.INVALID_ARGUMENT },
    rowErrors: [{ index: "3", message: "no" }, { message: null }],
  };
  expect(judgeReply(reply)).toEqual({
    kind: "rejected",
    rows: [
      { index: 3, message: "no" },
      { index: 0, message: "" },
    ],
  });
});

test.each([
  ["outOfRange", [status.OUT_OF_RANGE]],
  ["lost", [status.NOT_FOUND, status.FAILED_PRECONDITION]],
  ["refused", [status.INVALID_ARGUMENT, status.PERMISSION_DENIED, status.UNIMPLEMENTED]],
  [
    "transient",
    [
      ...[status.UNAVAILABLE, status.ABORTED, status.INTERNAL, status.CANCELLED, status.DEADLINE_EXCEEDED],
      ...[status.RESOURCE_EXHAUSTED, status.UNKNOWN, status.UNAUTHENTICATED, 99],
    ],
  ],
])("%s", (kind, codes) => {
  for (const code of codes) expect(judgeCode(code, "why")).toEqual({ kind, code, message: "why" });
});
