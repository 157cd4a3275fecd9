import {
  checkTable,
  ensureDataset,
  ensureTable,
  finalizeStream,
  sqlName,
  storedOffsets,
  tablePath,
  type BigQueryClients,
  type TableId,
} from "#bigquery";
import { eventsTable } from "#events";
import { FencedPartition, type Kafka } from "#kafka";
import type { Clock, Logger } from "#runtime";
import { encodeMetadata, type WriteMode } from "../commit-metadata.ts";
import { writerErrors } from "../errors.ts";
import { kafkaSourceOf } from "../readings.ts";
import { reappendPlan, type ReappendPlan } from "./plan.ts";

export interface ReappendOptions {
  readonly kafka: Kafka;
  readonly clients: BigQueryClients;
  readonly groupId: string;
  readonly topic: string;
  readonly table: TableId;
  readonly mode: WriteMode;
  /** Milliseconds since the epoch; records that Kafka took from then on. */
  readonly sinceMs: number;
  readonly isDryRun: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** One partition that goes back. */
export interface GoingBack {
  readonly partition: number;
  readonly offset: number;
  readonly records: number;
}

interface Step extends GoingBack {
  readonly fenced: FencedPartition;
  readonly stream: string | undefined;
}

type Admin = ReturnType<Kafka["admin"]>;

/**
 * Moves the group's offsets back, with `until` before them, so that the next writer appends these records again. A plain
 * reset of the offsets would not do that: the writer passes over what it knows to be stored.
 *
 * Guarantee: as long as no writer runs beside it, no row comes twice. It is refused if the table holds a row of any
 * record that would be appended again; every partition is fenced, and its unfinished write stream ended, before the
 * table is asked, so that no older append can come in between. All partitions are judged before the first one moves.
 * Each moves in one commit; after a failure in between it can be run again.
 *
 * @throws WRITER_REAPPEND_REFUSED with the reason, and the way out.
 */
export async function reappend(options: ReappendOptions): Promise<GoingBack[]> {
  const { kafka } = options;
  const admin = kafka.admin();
  await admin.connect();
  const steps: Step[] = [];
  try {
    await refuseIfRunning(admin, options.groupId);
    await prepareTable(options);
    const source = kafkaSourceOf((await admin.describeCluster()).clusterId, options.topic);
    for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(options.topic, options.sinceMs)) {
      options.signal.throwIfAborted();
      const step = await judge(admin, partition, Number(offset), options);
      if (step !== undefined) steps.push(step);
    }
    await refuseIfStored(steps, source, options);
    if (!options.isDryRun) for (const step of steps) await goBack(step, options);
    return steps.map(({ partition, offset, records }) => ({ partition, offset, records }));
  } finally {
    for (const { fenced } of steps) fenced.close();
    await admin.disconnect();
  }
}

async function refuseIfRunning(admin: Admin, groupId: string): Promise<void> {
  const { groups } = await admin.describeGroups([groupId]);
  const members = groups[0]?.members.length ?? 0;
  if (members > 0) throw refused(`the group ${groupId} has ${members} members: stop its writers first`);
}

/** A table that was deleted is made here: a writer that made it would go on behind the gap, and fill it with newer rows. */
async function prepareTable({ clients, table, isDryRun }: ReappendOptions): Promise<void> {
  if (!isDryRun) {
    await ensureDataset(clients, table.dataset);
    await ensureTable(clients, table, eventsTable);
  }
  await checkTable(clients, table, eventsTable);
}

/** Fences the partition, unless nothing is to be changed, and says what to do with it. */
async function judge(
  admin: Admin,
  partition: number,
  sinceOffset: number,
  { kafka, groupId, topic, table, isDryRun, clock, log }: ReappendOptions,
): Promise<Step | undefined> {
  const fenced = new FencedPartition({ kafka, admin, groupId, topic, partition, clock, log });
  let plan: ReappendPlan | undefined;
  try {
    const { committed } = isDryRun ? await fenced.read() : await fenced.takeOver();
    plan = reappendPlan({
      committed: committed && { offset: Number(committed.offset), metadata: committed.metadata },
      sinceOffset,
      table: tablePath(table),
    });
  } finally {
    if (plan?.kind !== "back") fenced.close();
  }
  if (plan.kind === "refuse") throw refused(`partition ${partition}: ${plan.reason}`);
  return plan.kind === "nothing" ? undefined : { ...plan, partition, fenced };
}

async function refuseIfStored(steps: readonly Step[], kafkaSource: string, options: ReappendOptions): Promise<void> {
  const { clients, table, isDryRun, signal } = options;
  const conditions: string[] = [];
  let stored = 0;
  for (const { partition, offset, stream } of steps) {
    signal.throwIfAborted();
    if (stream !== undefined && !isDryRun) await finalizeStream(clients, stream);
    const question = { table, kafkaSource, kafkaPartition: partition, afterOffset: offset - 1 };
    const { count } = await storedOffsets(clients, { ...question, sinceEventTimeMs: undefined });
    stored += count;
    if (count > 0) conditions.push(`(kafka_partition = ${partition} AND kafka_offset >= ${offset})`);
  }
  if (stored === 0) return;
  throw refused(
    `the table holds ${stored} rows of the records that would be appended again, and so would hold them twice. Either ask for less, or delete them first; Kafka has them, so nothing is lost:\n` +
      `DELETE FROM ${sqlName(table)} WHERE kafka_source = '${kafkaSource}' AND (${conditions.join(" OR ")})`,
  );
}

async function goBack(
  { fenced, offset, partition }: Step,
  { table, mode, signal, log }: ReappendOptions,
): Promise<void> {
  signal.throwIfAborted();
  const metadata = encodeMetadata({
    ...{ v: 1, mode, table: tablePath(table), stream: null, rows: 0 },
    until: offset - 1,
    seenMs: null,
  });
  await fenced.commit({ offset: BigInt(offset), metadata });
  log.debug({ partition, offset }, "moved back");
}

function refused(reason: string): Error {
  return writerErrors.create("WRITER_REAPPEND_REFUSED", reason);
}
