import { readFile } from "node:fs/promises";
import type { BigQueryClients } from "#bigquery";
import { bigQueryNames, deadLetterTopic, decodeDeadLetter, kafkaTopics, parseTelemetryTopic } from "#events";
import { readTopic, type Kafka } from "#kafka";
import type { Clock } from "#runtime";
import type { LedgerReport } from "../../services/simulator/ledger-report.ts";
import type { StoredDevice } from "./audit.ts";

/** What the audit asks BigQuery; printed with the answer, so that everybody can ask it again. */
export const AUDIT_QUERY = `SELECT tenant, sensor_id AS sensorId, boot_id AS bootId, readings, row_count AS \`rows\`, stored_twice AS storedTwice
FROM ${bigQueryNames.dataset}.${bigQueryNames.deliveryAudit}`;

export async function storedDevices({ rest }: BigQueryClients): Promise<StoredDevice[]> {
  const [rows] = await rest.query(AUDIT_QUERY);
  return rows as StoredDevice[];
}

/**
 * Different dead letters in Kafka by the tenant whose topic they came from; `""`: of nobody. Each id counts once, because a
 * letter that was written twice must not stand for one that is missing. Corrupted readings differ: each has its own `seq`.
 */
export async function deadLettersByTenant(kafka: Kafka, clock: Clock): Promise<Map<string, number>> {
  const tenants = new Map<string, string>();
  await readTopic({
    kafka,
    clock,
    topic: kafkaTopics.deadLetters.name,
    onRecord: ({ message }) => {
      const letter = message.value === null ? undefined : decodeDeadLetter(message.value);
      if (letter !== undefined)
        tenants.set(letter.id, parseTelemetryTopic(deadLetterTopic(letter) ?? "")?.tenant ?? "");
    },
  });
  const counts = new Map<string, number>();
  for (const tenant of tenants.values()) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  return counts;
}

/** A simulator that stopped in order has left its ledger. */
export async function readLedger(path: string): Promise<LedgerReport> {
  return JSON.parse(await readFile(path, "utf8")) as LedgerReport;
}
