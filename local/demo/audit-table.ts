import Table from "cli-table3";
import { isClean, type FleetAudit } from "./audit.ts";

const COLUMNS: readonly (readonly [string, (audit: FleetAudit) => string | number])[] = [
  ["fleet", ({ fleet }) => fleet],
  ["devices", ({ devices }) => devices],
  ["sent", ({ sent }) => sent],
  ["stored", ({ stored }) => stored],
  ["dead letters", ({ deadLetters }) => deadLetters],
  ["missing", ({ missing }) => missing],
  ["duplicated", ({ duplicated }) => duplicated],
  ["stored twice", ({ storedTwice }) => storedTwice],
];

/** The audit as a person reads it, with the verdict below. */
export function auditTable(audits: readonly FleetAudit[]): string {
  const table = new Table({
    head: COLUMNS.map(([name]) => name),
    colAligns: COLUMNS.map((_column, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const audit of audits) table.push(COLUMNS.map(([, value]) => show(value(audit))));
  return [table.toString(), ...audits.flatMap(strangers), verdict(audits)].join("\n");
}

function strangers({ fleet, unexpected }: FleetAudit): string[] {
  return unexpected === 0 ? [] : [`  ${fleet}: ${show(unexpected)} stored readings that no device knows.`];
}

function verdict(audits: readonly FleetAudit[]): string {
  return audits.every(isClean)
    ? "  Clean: every reading that a device knows as delivered is stored or dead-lettered, and nothing from Kafka is there twice.\n" +
        "  Duplicated rows were sent twice by devices or MQTT; iot_events_unique leaves them out."
    : "  NOT CLEAN: see the columns missing and stored twice.";
}

function show(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : value;
}
