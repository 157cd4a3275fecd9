import { FencedConsumer, readRecord, type Kafka, type Ownership, type PartitionWorker } from "#kafka";
import type { Clock, Logger, StopDeadline } from "#runtime";
import type { WriteMode } from "./commit-metadata.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { InFlight, type InFlightLimits } from "./in-flight.ts";
import { PartitionWriter, type PartitionEvents } from "./partition-writer.ts";
import { Progress } from "./progress.ts";
import type { RowSource } from "./readings.ts";
import type { CutLimits } from "./row-buffer.ts";
import { RowRate } from "./row-rate.ts";
import type { TableWriter } from "./table-writer.ts";
import { takeOverTable, type TakeoverEvents } from "./take-over-table.ts";

/** Of one partition in one fetch; a partition may go this far over its share of the memory. */
const FETCH_BYTES = 512 * 1024;

export interface WriterOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  /** The cluster whose offsets the table's rows carry. */
  readonly clusterId: string;
  readonly memberName: string;
  readonly sessionTimeoutMs: number;
  readonly table: TableWriter;
  readonly mode: WriteMode;
  /** The rows of one partition. */
  readonly rowsOf: (partition: number) => RowSource;
  readonly deadLetters: Pick<DeadLetters, "send">;
  readonly cutLimits: CutLimits;
  /** Bytes of rows that the process holds, stored ones not counted, before it stops fetching; and one fetch for each partition. */
  readonly maxHeldBytes: number;
  readonly inFlightLimits: InFlightLimits;
  /** `undefined`: no limit. */
  readonly maxRowsPerSecond: number | undefined;
  readonly flushIntervalMs: number;
  readonly commitIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: PartitionEvents & TakeoverEvents;
  readonly onFatal: (error: Error) => void;
}

/**
 * From Kafka to BigQuery, exactly once: every valid record becomes one row, every other one a dead letter.
 *
 * Names: O is the group's committed offset of a partition; with it is committed the write stream in use, `rows` (rows of
 * that stream from records before O) and `until` (records up to there are done).
 *
 * 1. One owner. Whoever takes a partition over first fences every earlier owner in Kafka (`FencedPartition`): it cannot
 *    commit any more. Then it finalizes the stream of the last commit: no append of an earlier owner can take effect any
 *    more, wherever it is on its way. An owner only ever appends to a stream that it has named in a commit before.
 * 2. What is stored is known. The finalized stream holds R rows. If R = rows, nothing behind O is stored. Otherwise the
 *    table is asked: behind O it must hold R − rows rows of this partition; `until` becomes the greatest offset of them.
 *    Records up to `until` are passed over. Without a stream to compare with (nothing committed, offsets reset or expired,
 *    table made anew) the table's answer is taken as it is; where no metadata says that the log is the one the rows came from,
 *    only if its last row has the append time of the log's record there. Another cluster than at the start ends the process.
 * 3. An append takes effect once. It carries its offset in the stream and is frozen: sent again it has the same bytes,
 *    and the stream takes each offset once (`WriteStream`). Rows are cut differently only when it is known that nothing of
 *    the former cut is or will be stored; otherwise the ownership ends and 1 and 2 find out.
 * 4. Nothing is passed over. O never passes a record whose row is not stored or whose dead letter is not confirmed. A dead
 *    letter is confirmed before any row behind it is appended, so that the greatest offset in the table (`until`) proves
 *    everything before it to be done. Dead letters themselves are at least once, under one id for each record.
 *
 * Death at any line leaves the last commit and a stream behind, and the next owner begins with 1. What is only in memory
 * is in Kafka as well.
 *
 * `at-least-once` uses the table's default stream, without offsets: 1 and 4 hold, but what was sent and not committed is
 * stored again.
 *
 * Limit: if offsets are deleted while an owner that was fenced still has appends on the way, no commit names its stream,
 * and these appends are not stopped. Delete offsets only when the group is stopped.
 */
export class Writer {
  readonly inFlight: InFlight;
  readonly #options: WriterOptions;
  readonly #rowRate: RowRate;
  readonly #consumer: FencedConsumer;
  readonly #partitions = new Map<number, PartitionWriter>();

  constructor(options: WriterOptions) {
    const { kafka, groupId, topic, clusterId, memberName, sessionTimeoutMs, clock, log, onFatal } = options;
    this.#options = options;
    this.inFlight = new InFlight(options.inFlightLimits);
    this.#rowRate = new RowRate(clock, options.maxRowsPerSecond);
    this.#consumer = new FencedConsumer({
      kafka,
      groupId,
      topic,
      clusterId,
      memberName,
      sessionTimeoutMs,
      maxBytesPerPartition: FETCH_BYTES,
      clock,
      log,
      takeOver: (ownership) => this.takeOver(ownership),
      onFatal,
    });
  }

  /** The partitions that are written now. */
  get partitions(): ReadonlyMap<number, PartitionWriter> {
    return this.#partitions;
  }

  start(): Promise<void> {
    return this.#consumer.start();
  }

  /** Takes no more, stores and commits what was taken, leaves the group. */
  stop(deadline: StopDeadline): Promise<void> {
    return this.#consumer.stop(deadline);
  }

  /**
   * Finds out where to go on in a partition and begins to write it; the consumer calls it.
   *
   * @throws The signal's reason if the ownership ended meanwhile; nothing is left behind then.
   */
  async takeOver(ownership: Ownership): Promise<PartitionWorker> {
    const { kafka, topic, table, mode, rowsOf, clock, events } = this.#options;
    const { partition, signal } = ownership;
    const log = this.#options.log.child({ partition });
    const appendTimeMs = async (offset: number): Promise<number | undefined> => {
      const record = await readRecord({ kafka, topic, partition, offset: BigInt(offset), clock, signal });
      return record && Number(record.timestamp);
    };
    const { until, seenMs } = await takeOverTable(ownership, { table, mode, appendTimeMs, clock, log, events });
    // An answer that comes although the ownership has ended is still an answer, and a signal tells of its end only once.
    signal.throwIfAborted();
    const offset = Number(ownership.startOffset);
    const writer = new PartitionWriter({
      ...this.#options,
      ownership,
      maxHeldBytes: () => this.#options.maxHeldBytes / Math.max(1, this.#partitions.size),
      log,
      until,
      rows: rowsOf(partition),
      inFlight: this.inFlight,
      rowRate: this.#rowRate,
      progress: new Progress({ mode, table: table.table, offset, until, seenMs }),
    });
    this.#partitions.set(partition, writer);
    signal.addEventListener("abort", () => {
      if (this.#partitions.get(partition) === writer) this.#partitions.delete(partition);
    });
    return writer;
  }
}
