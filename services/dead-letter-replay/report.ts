import type { ReplayReport } from "./replay.ts";

/** What a person reads at the end. */
export function reportText({ read, sent, cut, noTopic, other, foreign }: ReplayReport, isDryRun: boolean): string {
  const reasons = Object.entries(sent).toSorted(([a], [b]) => a.localeCompare(b));
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${read} records read from dead-letters; each letter counts once below.`,
    `${total} ${isDryRun ? "would be sent" : "sent"} again${total === 0 ? "." : ":"}`,
    ...reasons.map(([reason, count]) => `  ${reason.padEnd(22)} ${count}`),
    ...line(other, "not asked for."),
    ...line(cut, "too large to be kept whole: cannot be sent again."),
    ...line(noTopic, "came from no telemetry topic: cannot be sent again."),
    ...line(foreign, "no dead letters of this project."),
    "",
  ].join("\n");
}

function line(count: number, meaning: string): string[] {
  return count === 0 ? [] : [`${count} ${meaning}`];
}
