import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bigQueryLaunch, ENVIRONMENT, NODE_FLAGS } from "../launch.ts";

const EVERYWHERE = [...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`), "node", ...NODE_FLAGS];

describe("the launch of the embedded BigQuery", () => {
  it("puts node's flags before the program and the program's after it", () => {
    const { args } = bigQueryLaunch(["--rest-port", 1]);
    const main = args.findIndex((arg) => arg.endsWith("local/bigquery/main.ts"));
    expect(args.slice(0, main)).toEqual(NODE_FLAGS);
    expect(args.slice(main + 1)).toEqual(["--rest-port", "1"]);
  });

  it.each(["../../../package.json", "../README.md"])("is spelled the same in %s", (path) => {
    const text = readFileSync(new URL(path, import.meta.url), "utf8");
    expect(text).toContain(`${EVERYWHERE.join(" ")} local/bigquery/main.ts`);
  });
});
