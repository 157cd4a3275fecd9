/** A series that Prometheus computes and keeps. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** `critical`: readings are not stored or are being lost, somebody should look now; `warning`: it will come to that. */
export type Severity = "critical" | "warning";

/** A section of docs/runbook.md, by its anchor. */
export type RunbookSection =
  | "lag-grows"
  | "writer-stuck"
  | "dead-letters-rise"
  | "fleet-not-connected"
  | "broker-does-not-answer"
  | "certificate-ended"
  | "api-service-unavailable"
  | "operator-does-not-lead"
  | "target-down";

/** Something that a person should know of. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** It must hold for so long. */
  readonly forMinutes: number;
  readonly severity: Severity;
  /** One line; may use `{{ $labels.x }}` and `{{ $value }}`. */
  readonly summary: string;
  /** What it means, and what happens if nobody does anything. */
  readonly description: string;
  readonly runbook: RunbookSection;
}

export type Rule = RecordingRule | AlertRule;

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export function isAlert(rule: Rule): rule is AlertRule {
  return "alert" in rule;
}
