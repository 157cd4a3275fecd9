import { eventColumns, type RuleKeywords } from "./bigquery-table.ts";
import { ruleText } from "./explain.ts";
import { rejectionReasons } from "./reasons.ts";
import { MAX_PAYLOAD_BYTES, optionalFields, payloadFields, SCHEMA_VERSION } from "./schema.ts";

/** The page docs/events.md: what a device sends, what is stored, why a reading is rejected. CI compares the two. */
export function eventsPage(): string {
  return [
    "# Readings",
    "",
    "<!-- Generated from packages/events/schema.ts; do not edit. -->",
    "",
    `A reading (schema version ${SCHEMA_VERSION}) is a JSON object in UTF-8, at most ${MAX_PAYLOAD_BYTES / 1024} KiB,`,
    "published with QoS 1 to `sensors/<tenant>/<location>/<sensor_id>/telemetry`.",
    "",
    "## What a device sends",
    "",
    ...table(["field", "type", "rule", "meaning"], payloadFields.map(fieldRow)),
    "",
    "Any other property is kept in the column `attributes`.",
    "",
    "## What is stored in `iot_events`",
    "",
    ...table(
      ["column", "type", "mode", "meaning"],
      eventColumns.map(({ name, type, mode, description }) => [`\`${name}\``, type, mode, description]),
    ),
    "",
    "## Why a reading is rejected",
    "",
    "A rejected reading becomes one record in `dead-letters` with the first reason that fits, in this order:",
    "",
    ...table(
      ["reason", "meaning"],
      Object.entries(rejectionReasons).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
    ),
    "",
  ].join("\n");
}

function fieldRow([name, schema]: (typeof payloadFields)[number]): string[] {
  const rule = schema as RuleKeywords;
  const optional = optionalFields.includes(name) ? "optional; " : "";
  return [`\`${name}\``, rule.type ?? "string", `${optional}${ruleText(rule)}`, rule.description ?? ""];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
