import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { prometheusBinary } from "#testkit";
import type { Series } from "./alert-cases.ts";

/** Runs promtool on files in a directory; throws with what it says. */
export function promtool(directory: string, files: Readonly<Record<string, string>>, ...args: string[]): string {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  try {
    return execFileSync(prometheusBinary("promtool"), args, { cwd: directory, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** What an expression must be at some minute, without labels. */
export interface Expected {
  readonly expr: string;
  readonly minutes: number;
  readonly value: number;
}

/** One of promtool's unit tests: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
export function unitTest(name: string, series: Series, expected: readonly Expected[]): object {
  return {
    name,
    interval: "15s",
    input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
    promql_expr_test: expected.map(({ expr, minutes, value }) => ({
      expr,
      eval_time: `${minutes * 60}s`,
      exp_samples: [{ labels: "{}", value }],
    })),
  };
}

export function testFile(tests: readonly object[]): string {
  return stringify({ rule_files: ["rules.yml"], evaluation_interval: "15s", tests });
}
