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

/** Dead letters in Kafka by the tenant whose topic they came from; `""`: of nobody. */
export async function deadLettersByTenant(kafka: Kafka, clock: Clock): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await readTopic({
    kafka,
    clock,
    topic: kafkaTopics.deadLetters.name,
    onRecord: ({ message }) => {
      const letter = message.value === null ? undefined : decodeDeadLetter(message.value);
      const topic = letter && deadLetterTopic(letter);
      const tenant = (topic === undefined ? undefined : parseTelemetryTopic(topic))?.tenant ?? "";
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
    },
  });
  return counts;
}

/** A simulator that stopped in order has left its ledger. */
export async function readLedger(path: string): Promise<LedgerReport> {
  return JSON.parse(await readFile(path, "utf8")) as LedgerReport;
}
