import { open, rename } from "node:fs/promises";
import type { DeviceAccount, Ledger } from "./ledger.ts";

/** The ledger as the audit reads it. */
export interface LedgerReport {
  readonly tenant: string;
  readonly devices: readonly DeviceAccount[];
  /** Readings for which the ledger had no room; they took no `seq`. */
  readonly notMade: number;
  /** Every reading that was made is acknowledged. */
  readonly complete: boolean;
}

export function ledgerReport(tenant: string, ledger: Ledger): LedgerReport {
  return { tenant, devices: ledger.accounts(), notMade: ledger.notMade, complete: ledger.waiting === 0 };
}

/** Writes the report so that a reader sees all of it or the file before it, also after a loss of power. */
export async function writeLedgerFile(path: string, report: LedgerReport): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  const file = await open(unfinished, "w");
  try {
    await file.writeFile(`${JSON.stringify(report)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}
