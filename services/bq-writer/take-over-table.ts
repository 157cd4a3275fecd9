import type { StoredOffsets } from "#bigquery";
import type { Ownership } from "#kafka";
import { retry, retryPolicy, type Clock, type Logger } from "#runtime";
import type { WriteMode } from "./commit-metadata.ts";
import { writerErrors } from "./errors.ts";
import type { TableWriter } from "./table-writer.ts";
import { doneUntil, doubtAfter, otherLog, takeoverPlan, type Doubt, type TakeoverPlan } from "./takeover.ts";

export interface TakeoverEvents {
  onTakeover(): void;
  /** The table was asked what it holds. */
  onQuestion(): void;
}

export interface TakeoverContext {
  readonly table: TableWriter;
  readonly mode: WriteMode;
  /** Kafka's append time of the partition's record at an offset, milliseconds; `undefined` if there is none. */
  readonly appendTimeMs: (offset: number) => Promise<number | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: TakeoverEvents;
}

/** What is known of the rows behind the committed offset. */
export interface TableTakenOver {
  /** Records up to it are done; -1 if none is known. */
  readonly until: number;
  /** Append time of a record before the committed offset. */
  readonly seenMs: number | undefined;
}

/** The service may be away for long; whoever waits here holds nothing up but this partition. */
const CALL_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });
/** Appended rows can be queried at once, says the documentation; a table that still differs after this is wrong. */
const VISIBLE_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000, maxElapsedMs: 60_000 });

/**
 * Ends what earlier owners may still have on the way to the table, and finds out what of it is stored. Everybody else
 * must be fenced in Kafka already. Can be repeated at any point.
 *
 * @throws WRITER_TAKEOVER_REFUSED, WRITER_COUNT_MISMATCH: a person has to look. The signal's reason once it aborts.
 */
export async function takeOverTable(ownership: Ownership, context: TakeoverContext): Promise<TableTakenOver> {
  const { committed, logStart } = ownership;
  context.events.onTakeover();
  const known = committed && { offset: Number(committed.offset), metadata: committed.metadata };
  const plan = takeoverPlan(known, Number(logStart), { table: context.table.table, mode: context.mode });
  switch (plan.kind) {
    case "refuse":
      throw writerErrors.create("WRITER_TAKEOVER_REFUSED", plan.reason);
    case "proceed":
      return plan;
    case "ask": {
      const { until, stored } = await resolve(plan.doubt, ownership, context);
      await refuseOtherLog(stored, ownership, context);
      return { until, seenMs: plan.doubt.seenMs };
    }
    case "finalize":
      return finalize(plan, ownership, context);
  }
}

async function finalize(
  plan: Extract<TakeoverPlan, { kind: "finalize" }>,
  ownership: Ownership,
  context: TakeoverContext,
): Promise<TableTakenOver> {
  const rows = await patiently(() => context.table.finalizeStream(plan.stream), ownership, context);
  const doubt = doubtAfter(plan, rows);
  const { until, seenMs } = plan.metadata;
  if (doubt === undefined) return { until, seenMs: seenMs ?? undefined };
  context.log.info(
    { stream: plan.stream, rows, committed: plan.metadata.rows },
    "rows behind the commit: asking the table",
  );
  return { until: (await resolve(doubt, ownership, context)).until, seenMs: doubt.seenMs };
}

/** No commit says that the rows are of this log. */
async function refuseOtherLog(stored: StoredOffsets, ownership: Ownership, context: TakeoverContext): Promise<void> {
  const { maxOffset } = stored;
  if (maxOffset === undefined || maxOffset < Number(ownership.logStart)) return;
  const reason = otherLog(stored, await context.appendTimeMs(maxOffset));
  if (reason !== undefined) throw writerErrors.create("WRITER_TAKEOVER_REFUSED", reason);
}

interface Resolved {
  readonly until: number;
  readonly stored: StoredOffsets;
}

/** Asks the table until its answer is clear. */
async function resolve(doubt: Doubt, ownership: Ownership, context: TakeoverContext): Promise<Resolved> {
  const { clock, log } = context;
  try {
    return await retry(VISIBLE_RETRY, () => askOnce(doubt, ownership, context), {
      clock,
      signal: ownership.signal,
      onRetry: ({ error, delayMs }) => log.warn({ err: error, delayMs }, "the table is asked again"),
    });
  } catch (cause) {
    if (!writerErrors.is(cause, "WRITER_ROWS_NOT_VISIBLE")) throw cause;
    throw writerErrors.create("WRITER_COUNT_MISMATCH", "stream and table disagree about what is stored", { cause });
  }
}

async function askOnce(doubt: Doubt, ownership: Ownership, context: TakeoverContext): Promise<Resolved> {
  const { partition, logEnd } = ownership;
  const { afterOffset, seenMs } = doubt;
  context.events.onQuestion();
  const stored = await patiently(() => context.table.stored({ partition, afterOffset, seenMs }), ownership, context);
  const answer = doneUntil(doubt, stored, Number(logEnd));
  if (answer.kind === "refuse") throw writerErrors.create("WRITER_TAKEOVER_REFUSED", answer.reason);
  if (answer.kind === "unclear") throw writerErrors.create("WRITER_ROWS_NOT_VISIBLE", answer.reason);
  context.log.info({ ...doubt, ...stored, until: answer.until }, "the table has answered");
  return { until: answer.until, stored };
}

function patiently<T>(run: () => Promise<T>, { signal }: Ownership, { clock, log }: TakeoverContext): Promise<T> {
  return retry(CALL_RETRY, run, {
    clock,
    signal,
    onRetry: ({ error, delayMs }) => log.warn({ err: error, delayMs }, "BigQuery did not answer, trying again"),
  });
}
