import { stringify } from "yaml";
import { isAlert, type Rule, type RuleGroup } from "./rule.ts";

const RUNBOOK = "docs/runbook.md";

/** One rule as Prometheus reads it: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export function ruleEntry(rule: Rule): object {
  if (!isAlert(rule)) return { record: rule.record, expr: rule.expr };
  const { alert, expr, forMinutes, severity, summary, description, runbook } = rule;
  return {
    alert,
    expr,
    for: `${forMinutes}m`,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${RUNBOOK}#${runbook}` },
  };
}

/** A rule file for Prometheus. */
export function ruleFile(groups: readonly RuleGroup[]): string {
  return stringify({ groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(ruleEntry) })) });
}
