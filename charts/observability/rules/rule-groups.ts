import type { Profile } from "../../profile.ts";
import { partAlerts } from "./part-alerts.ts";
import { pipelineAlerts } from "./pipeline-alerts.ts";
import { autoscalingRules, pipelineRules } from "./recording.ts";
import { isAlert, type AlertRule, type RuleGroup } from "./rule.ts";

/** All rules. What is recorded comes first: the rules of a group are evaluated one after the other. */
export function ruleGroups(profile: Profile): readonly RuleGroup[] {
  return [
    { name: "pipeline", rules: [...pipelineRules, ...pipelineAlerts(profile)] },
    { name: "autoscaling", rules: autoscalingRules(profile) },
    { name: "parts", rules: partAlerts },
  ];
}

/** Only the alerts. */
export function alertsOf(groups: readonly RuleGroup[]): readonly AlertRule[] {
  return groups.flatMap(({ rules }) => rules.filter(isAlert));
}
