import type { Profile } from "../profile.ts";
import { dashboardsOf } from "./dashboards/dashboards.ts";
import { ruleGroups } from "./rules/rule-groups.ts";
import { isAlert, type Rule } from "./rules/rule.ts";

/** One expression that somebody relies on. */
export interface CollectedQuery {
  /** Dashboard and panel, or rule. */
  readonly from: string;
  /** As Prometheus takes it. */
  readonly expr: string;
  /** It reads what only the operator shows, which a pipeline of processes does not have. */
  readonly isOnlyInCluster: boolean;
}

const OPERATOR_METRICS = /\b(operator_|controller_runtime_|leader_election_)/;

/** In place of Grafana's variables: everything, over windows that a test need not wait long for. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/\$__rate_interval/g, "30s"],
  [/\$__range/g, "5m"],
  [/\$(fleet|part)\b/g, ".+"],
];

/** Every PromQL expression of every dashboard and rule. Each must give a series wherever all parts are at work. */
export function allQueries(profile: Profile): readonly CollectedQuery[] {
  return [...dashboardQueries(profile), ...ruleQueries(profile)].map(({ from, expr }) => ({
    from,
    expr: withoutVariables(expr),
    isOnlyInCluster: OPERATOR_METRICS.test(expr),
  }));
}

function dashboardQueries(profile: Profile): { from: string; expr: string }[] {
  const panels = dashboardsOf(profile).flatMap(({ uid, rows }) =>
    rows.flatMap((row) => row.panels.map((panel) => ({ uid, ...panel }))),
  );
  return panels.flatMap(({ uid, title, queries }) =>
    queries.flatMap((query) => ("expr" in query ? [{ from: `${uid}: ${title}`, expr: query.expr }] : [])),
  );
}

function ruleQueries(profile: Profile): { from: string; expr: string }[] {
  return ruleGroups(profile).flatMap(({ rules }) =>
    rules.flatMap((rule) =>
      operandsOf(rule).map((expr) => ({ from: isAlert(rule) ? `alert ${rule.alert}` : rule.record, expr })),
    ),
  );
}

/** A healthy pipeline fires no alert, so of an alert what it compares must be there. */
export function operandsOf(rule: Rule): readonly string[] {
  if (!isAlert(rule)) return [rule.expr];
  return rule.expr
    .split(/ and | or /)
    .filter((operand) => !operand.startsWith("absent("))
    .map((operand) => operand.replace(/ (==|<|>) [\d.]+$/, ""));
}

function withoutVariables(expr: string): string {
  return VARIABLES.reduce((text, [variable, value]) => text.replaceAll(variable, value), expr);
}
