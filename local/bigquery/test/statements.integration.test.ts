import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cell } from "../sql/test/run.ts";
import { STATEMENTS } from "../sql/test/statement-table.ts";
import { openTarget, type Target } from "./target.ts";

/** The table of statements once more, through the REST API: it can be asked of real BigQuery just the same. */
let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.stop();
});

interface RawValue {
  readonly v: unknown;
}

/** `{f: [{v}]}` as lists of cells. */
function cell(value: unknown): Cell {
  if (value === null || typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((element: RawValue) => cell(element.v));
  return (value as { f: RawValue[] }).f.map((member) => cell(member.v));
}

interface QueryResponse {
  readonly rows?: readonly unknown[];
  readonly jobComplete: boolean;
}

/** jobs.query, its answer unparsed. */
function post(json: object): Promise<QueryResponse> {
  return new Promise((resolve, reject) => {
    target.client.request({ method: "POST", uri: "/queries", json }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as QueryResponse);
    });
  });
}

describe("GoogleSQL through REST", () => {
  it.each(STATEMENTS)("$name ($source)", async ({ sql, parameters, rows }) => {
    const queryParameters = parameters?.map((each) => ({ ...each }));
    const parameterMode = parameters?.[0]?.name === undefined ? "POSITIONAL" : "NAMED";
    const body = {
      query: sql,
      useLegacySql: false,
      formatOptions: { useInt64Timestamp: true },
      ...(queryParameters ? { queryParameters, parameterMode } : {}),
    };
    const response = await post(body);
    expect(response.jobComplete).toBe(true);
    expect((response.rows ?? []).map(cell)).toEqual(rows);
  });
});
