import { expect, test } from "vitest";
import type { DeviceAccount } from "../../../services/simulator/ledger.ts";
import { auditTable } from "../audit-table.ts";
import { auditFleet, isClean, type StoredDevice } from "../audit.ts";

const account = (more: Partial<DeviceAccount> = {}): DeviceAccount => ({
  sensorId: "s",
  bootId: "b",
  made: 10,
  sent: 10,
  acknowledged: { stored: 8, rejected: 1 },
  unacknowledged: { stored: 1, rejected: 0 },
  repeats: 2,
  ...more,
});
const stored = (more: Partial<StoredDevice> = {}): StoredDevice => ({
  tenant: "t",
  sensorId: "s",
  bootId: "b",
  readings: 8,
  rows: 8,
  storedTwice: 0,
  ...more,
});
const audit = (rows: readonly StoredDevice[], deadLetters = 1, devices = [account()]) =>
  auditFleet({ tenant: "t", devices, notMade: 0, complete: true }, rows, deadLetters);

test.each([
  ["everything that was acknowledged", [stored()], 1, { missing: 0, unexpected: 0 }, true],
  [
    "and what was not: only its PUBACK was lost",
    [stored({ readings: 9, rows: 9 })],
    1,
    { missing: 0, unexpected: 0 },
    true,
  ],
  ["one less", [stored({ readings: 7 })], 1, { missing: 1 }, false],
  ["none of it", [], 1, { missing: 8, stored: 0 }, false],
  ["one more than was made", [stored({ readings: 10 })], 1, { unexpected: 1 }, false],
  ["a dead letter less", [stored()], 0, { missing: 1 }, false],
  ["a dead letter twice", [stored()], 2, { missing: 0, deadLetters: 2 }, true],
  ["delivered again", [stored({ rows: 11 })], 1, { duplicated: 3, storedTwice: 0 }, true],
  ["stored twice", [stored({ rows: 9, storedTwice: 1 })], 1, { storedTwice: 1 }, false],
  ["another start of the device", [stored(), stored({ bootId: "x", readings: 4 })], 1, { unexpected: 4 }, false],
  ["another fleet's device", [stored(), stored({ tenant: "x", readings: 4 })], 1, { unexpected: 0, stored: 8 }, true],
] as const)("%s", (_case, rows, deadLetters, expected, clean) => {
  const result = audit(rows, deadLetters);
  expect(result).toMatchObject({ fleet: "t", devices: 1, sent: 10, ...expected });
  expect(isClean(result)).toBe(clean);
});

test("one device's surplus does not hide what another one lacks", () => {
  const devices = [account(), account({ sensorId: "s2", acknowledged: { stored: 8, rejected: 0 } })];
  const result = audit([stored({ readings: 9 }), stored({ sensorId: "s2", readings: 7 })], 1, devices);
  expect(result).toMatchObject({ stored: 16, missing: 1 });
});

test("the verdict stands below the table", () => {
  expect(auditTable([audit([stored()])])).toContain("Clean: ");
  expect(auditTable([audit([stored()]), audit([])])).toContain("NOT CLEAN");
  expect(auditTable([audit([stored({ readings: 1010 })])])).toContain("t: 1,001 stored readings that no device knows.");
});
