import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "#testkit";
import { gkeProfile, portableProfile } from "./profiles.ts";
import { prometheusConfig, scrape } from "../prometheus/scrape-config.ts";
import { recorded } from "../rules/recording.ts";
import { ruleFile } from "../rules/rule-file.ts";
import { alertsOf, ruleGroups } from "../rules/rule-groups.ts";
import { alertCases, type AlertCase, type Series } from "./alert-cases.ts";
import { promtool, testFile, unitTest, type Expected } from "./promtool.ts";

const directory = temporaryDirectory("promtool");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const groups = ruleGroups(portableProfile);
const alerts = alertsOf(groups);

test.each([portableProfile, gkeProfile])(
  "promtool takes the rules of the set $name, and the configuration but for its discovery",
  (profile) => {
    const files = {
      "rules.yml": ruleFile(ruleGroups(profile)),
      // Debian's build knows no Kubernetes; what is found there is put in by tests below.
      "prometheus.yml": prometheusConfig("rules.yml", [scrape({ static_configs: [{ targets: ["127.0.0.1:1"] }] })]),
    };
    expect(promtool(join(directory, profile.name), files, "check", "config", "prometheus.yml")).toMatch(
      /SUCCESS: \d\d rules/,
    );
  },
);

test("every alert has a case, a summary, a description and a section of the runbook", () => {
  const runbook = readFileSync(new URL("../../../docs/runbook.md", import.meta.url), "utf8");
  const anchors = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(" ", "-"),
  );
  expect(alerts.map(({ alert }) => alert).sort()).toEqual(Object.keys(alertCases).sort());
  for (const { alert, runbook: section, summary, description, forMinutes } of alerts) {
    expect(anchors, alert).toContain(section);
    expect(forMinutes, alert).toBeGreaterThan(0);
    expect(Math.min(summary.length, description.length), alert).toBeGreaterThan(10);
  }
});

describe("alerts", () => {
  test.each(Object.entries(alertCases))("%s fires when it must, not before, and not just below", (alert, each) => {
    const files = { "rules.yml": ruleFile(groups), "test.yml": testFile(unitTests(alert, each)) };
    expect(promtool(join(directory, alert), files, "test", "rules", "test.yml")).toContain("SUCCESS");
  });
});

function unitTests(alert: string, { minutes, notYetMinutes, fires, quiet }: AlertCase): object[] {
  const expr = `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`;
  const at = (minute: number, value: number): Expected => ({ expr, minutes: minute, value });
  return [
    ...fires.map((series, index) =>
      unitTest(`fires ${index}`, series, [...(index === 0 ? [at(notYetMinutes, 0)] : []), at(minutes, 1)]),
    ),
    ...quiet.map((series, index) => unitTest(`quiet ${index}`, series, [at(notYetMinutes, 0), at(minutes, 0)])),
  ];
}

test("writers asked for: whichever metric asks for more, within the bounds of the autoscaler", () => {
  const asked = (lag: number, rate: number, value: number): object =>
    unitTest(`${lag} ${rate}`, lagAndRate(lag, rate), [{ expr: `max(${recorded.writersAsked})`, minutes: 2, value }]);
  // Portable: 15,000 records and 900 records a second for each writer, 1 to 4 writers.
  const tests = [
    asked(0, 0, 1),
    asked(15_000, 0, 1),
    asked(15_001, 0, 2),
    asked(0, 900, 1),
    asked(0, 1801, 3),
    asked(30_001, 100, 3),
    asked(1_000_000, 100, 4),
  ];
  const files = { "rules.yml": ruleFile(groups), "test.yml": testFile(tests) };
  expect(promtool(join(directory, "asked"), files, "test", "rules", "test.yml")).toContain("SUCCESS");
});

function lagAndRate(lag: number, rate: number): Series {
  return {
    'kafka_consumer_lag{group="g",topic="t",pod="a"}': `${lag}x20`,
    'kafka_topic_append_rate{group="g",topic="t",pod="a"}': `${rate}x20`,
  };
}
