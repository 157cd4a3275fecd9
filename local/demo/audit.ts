import { expectation, type DeviceAccount } from "../../services/simulator/ledger.ts";
import type { LedgerReport } from "../../services/simulator/ledger-report.ts";

/** What BigQuery says about one start of one device. */
export interface StoredDevice {
  readonly tenant: string;
  readonly sensorId: string;
  readonly bootId: string;
  /** Different readings. */
  readonly readings: number;
  readonly rows: number;
  readonly storedTwice: number;
}

/** What became of the readings of one fleet. */
export interface FleetAudit {
  readonly fleet: string;
  readonly devices: number;
  readonly sent: number;
  /** Different readings in BigQuery. */
  readonly stored: number;
  /** Different dead letters, from every part. */
  readonly deadLetters: number;
  /** Readings that a device knows as delivered and that are neither stored nor, if broken on purpose, dead-lettered. */
  readonly missing: number;
  /** Rows beyond each reading's first: sent again by the device, by MQTT or by a replaced producer. */
  readonly duplicated: number;
  /** Rows beyond each Kafka record's first. */
  readonly storedTwice: number;
  /** Stored readings that no device has made. */
  readonly unexpected: number;
}

/** Compares what the devices know with what is stored. Pure. */
export function auditFleet(ledger: LedgerReport, stored: readonly StoredDevice[], deadLetters: number): FleetAudit {
  const own = stored.filter(({ tenant }) => tenant === ledger.tenant);
  const byDevice = new Map(own.map((device) => [key(device), device]));
  const accounts = ledger.devices;
  const readingsOf = (account: DeviceAccount): number => byDevice.get(key(account))?.readings ?? 0;
  const known = new Set(accounts.map(key));
  const strangers = own.filter((device) => !known.has(key(device)));
  return {
    fleet: ledger.tenant,
    devices: accounts.length,
    sent: sum(accounts, ({ sent }) => sent),
    stored: sum(own, ({ readings }) => readings),
    deadLetters,
    missing:
      sum(accounts, (account) => Math.max(0, expectation(account, "stored").atLeast - readingsOf(account))) +
      Math.max(0, sum(accounts, (account) => expectation(account, "rejected").atLeast) - deadLetters),
    duplicated: sum(own, ({ rows, readings }) => rows - readings),
    storedTwice: sum(own, ({ storedTwice }) => storedTwice),
    unexpected:
      sum(accounts, (account) => Math.max(0, readingsOf(account) - expectation(account, "stored").atMost)) +
      sum(strangers, ({ readings }) => readings),
  };
}

/** Nothing is missing, nothing from Kafka is there twice, and nothing came out of nowhere. */
export function isClean({ missing, storedTwice, unexpected }: FleetAudit): boolean {
  return missing === 0 && storedTwice === 0 && unexpected === 0;
}

function key({ sensorId, bootId }: Pick<StoredDevice, "sensorId" | "bootId">): string {
  return JSON.stringify([sensorId, bootId]);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
