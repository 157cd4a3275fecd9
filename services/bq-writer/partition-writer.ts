import type { AppendOutcome } from "#bigquery";
import type { Ownership, PartitionWorker, RecordBatch } from "#kafka";
import { retry, retryPolicy, type Clock, type Logger, type Timer } from "#runtime";
import { stepsAround, type Cut, type PendingRow, type Step } from "./append-cut.ts";
import type { WriteMode } from "./commit-metadata.ts";
import { Committer } from "./committer.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { writerErrors } from "./errors.ts";
import type { InFlight } from "./in-flight.ts";
import { judgeRecords } from "./judge-records.ts";
import type { Progress } from "./progress.ts";
import type { RowSource } from "./readings.ts";
import { RowBuffer, type CutLimits } from "./row-buffer.ts";
import type { RowRate } from "./row-rate.ts";
import type { OpenStream, TableWriter } from "./table-writer.ts";

/** What happens to a partition's rows, for metrics. */
export interface PartitionEvents {
  onStored(rows: readonly PendingRow[], appendMs: number): void;
  onAppended(rows: number): void;
  onPassedOver(records: number): void;
  onCommitted(): void;
}

export interface PartitionWriterOptions {
  readonly ownership: Ownership;
  readonly table: TableWriter;
  readonly mode: WriteMode;
  readonly rows: RowSource;
  readonly deadLetters: Pick<DeadLetters, "send">;
  readonly inFlight: InFlight;
  readonly rowRate: RowRate;
  readonly progress: Progress;
  /** Records with an offset up to this are passed over. */
  readonly until: number;
  readonly cutLimits: CutLimits;
  /** Bytes of rows that this partition may hold now before its fetching pauses. */
  readonly maxHeldBytes: () => number;
  readonly flushIntervalMs: number;
  readonly commitIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: PartitionEvents;
}

interface Sent {
  readonly cut: Cut;
  readonly sentMs: number;
  outcome: AppendOutcome | undefined;
}

const CREATE_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/**
 * The rows of one partition, for one ownership: see the guarantee in `writer.ts`.
 *
 *   process ─▶ buffer ─▶ steps ─▶ in flight ─▶ progress ─▶ commit
 *              (rows)    (appends, (appends     (offset,    (each second)
 *                         poison)   without      rows)
 *                                   outcome)
 *
 * One loop takes the steps in order; it alone opens and closes the stream and hands appends over. Anything that it cannot
 * settle ends the ownership, and the next takeover finds out what is stored.
 */
export class PartitionWriter implements PartitionWorker {
  readonly #options: PartitionWriterOptions;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  readonly #buffer: RowBuffer;
  /** What the loop does next; only the loop removes. */
  #steps: Step[] = [];
  /** Handed to the stream and not settled, oldest first. */
  #sent: Sent[] = [];
  #stream: OpenStream | undefined;
  /** Rows handed to the stream, and so the offset of the next append. */
  #handedOver = 0;
  #heldBytes = 0;
  /** Everything before it has come in. */
  #consumedOffset: number;
  #consumedMs: number | undefined;
  #logEnd: number;
  #isPaused = false;
  readonly #draining = new AbortController();
  /** Ends a wait for the row rate. */
  readonly #patience: AbortSignal;
  /** What has not been handed over stays in Kafka, for the next owner. */
  #isRestLeft = false;
  #activeMs: number;
  #flushTimer: Timer | undefined;
  readonly #committer: Committer;
  #changed = Promise.withResolvers<undefined>();
  readonly #loop: Promise<void>;

  constructor(options: PartitionWriterOptions) {
    const { ownership, progress, cutLimits, clock } = options;
    this.#options = options;
    this.#signal = ownership.signal;
    this.#patience = AbortSignal.any([ownership.signal, this.#draining.signal]);
    this.#progress = progress;
    this.#buffer = new RowBuffer(cutLimits);
    this.#consumedOffset = progress.offset;
    this.#logEnd = Number(ownership.logEnd);
    this.#activeMs = clock.monotonicMs();
    this.#committer = new Committer(options);
    this.#signal.addEventListener("abort", () => this.#onEnd(), { once: true });
    this.#loop = this.#run();
  }

  /** Records that are in Kafka and not stored, as far as the last fetch knew. */
  get lag(): number {
    return Math.max(0, this.#logEnd - this.#progress.offset);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  async process(batch: RecordBatch): Promise<void> {
    this.#logEnd = Number(batch.logEnd);
    const { until, ownership, rows: toRow, events } = this.#options;
    const judged = judgeRecords(batch.records, { until, partition: ownership.partition, toRow });
    const { rows, rejected, passedOver } = judged;
    if (passedOver > 0) events.onPassedOver(passedOver);
    // Before any row behind them is appended: so the table's greatest offset proves everything before it to be done.
    if (rejected.length > 0) await this.#options.deadLetters.send(rejected, this.#signal);
    this.#signal.throwIfAborted();
    for (const row of rows) this.#take(row);
    this.#consumedOffset = Number(batch.nextOffset);
    const last = batch.records.at(-1);
    if (last !== undefined) this.#consumedMs = Number(last.timestamp);
    this.#reachConsumed();
    if (!this.#buffer.isEmpty) this.#startFlushTimer();
    this.#pauseOrResume();
  }

  /**
   * Everything that was taken is stored and committed, and the stream finalized; without a row rate that is a matter of
   * seconds, because what is held is bounded. With one it may be minutes, so what the rate does not let go at once is
   * left: its rows are in no stream and behind the committed offset, and the next owner begins with them.
   */
  async drain(): Promise<void> {
    this.#draining.abort(new Error("the partition is given up"));
    this.#flush();
    this.#change();
    await this.#loop;
    this.#signal.throwIfAborted();
  }

  #take(row: PendingRow): void {
    this.#heldBytes += row.bytes.length;
    const full = this.#buffer.push(row);
    if (full === undefined) return;
    this.#steps.push({ kind: "append", cut: full });
    this.#change();
  }

  #startFlushTimer(): void {
    this.#flushTimer ??= this.#options.clock.setTimer(this.#options.flushIntervalMs, () => this.#flush());
  }

  #flush(): void {
    this.#flushTimer?.clear();
    this.#flushTimer = undefined;
    const cut = this.#buffer.cut();
    if (cut === undefined) return;
    this.#steps.push({ kind: "append", cut });
    this.#change();
  }

  /** When nothing is held, everything that has come in is done. */
  #reachConsumed(): void {
    if (this.#buffer.isEmpty && this.#steps.length === 0 && this.#sent.length === 0)
      this.#progress.reached(Math.max(this.#consumedOffset, this.#progress.offset), this.#consumedMs);
  }

  #pauseOrResume(): void {
    const { ownership, maxHeldBytes } = this.#options;
    const highBytes = maxHeldBytes();
    if (!this.#isPaused && this.#heldBytes > highBytes) {
      this.#isPaused = true;
      ownership.pause();
    } else if (this.#isPaused && this.#heldBytes <= highBytes / 2) {
      this.#isPaused = false;
      ownership.resume();
    }
  }

  /** Lets the loop look again. */
  #change(): void {
    this.#changed.resolve(undefined);
  }

  async #untilChange(waitMs?: number): Promise<void> {
    const timer = waitMs === undefined ? undefined : this.#options.clock.setTimer(waitMs, () => this.#change());
    await this.#changed.promise;
    timer?.clear();
    this.#changed = Promise.withResolvers();
    this.#signal.throwIfAborted();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const step = this.#isRestLeft ? undefined : this.#steps[0];
        if (step !== undefined) await this.#do(step);
        else if (this.#sent.length > 0) await this.#untilChange();
        else if (this.#draining.signal.aborted && (this.#isRestLeft || this.#buffer.isEmpty)) {
          await this.#finish();
          return;
        } else await this.#idle();
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#options.ownership.fail(error);
    }
  }

  async #do(step: Step): Promise<void> {
    if (step.kind === "append") await this.#append(step);
    // Whatever stands before it in the log must be settled first.
    else if (this.#sent.length > 0) await this.#untilChange();
    else {
      if (step.kind === "stored") this.#progressTo(step.cut);
      else await this.#bury(step);
      this.#steps.shift();
      this.#reachConsumed();
    }
  }

  async #append(step: Extract<Step, { kind: "append" }>): Promise<void> {
    const { inFlight, rowRate, mode, clock, events } = this.#options;
    const { cut } = step;
    if (!(await rowRate.take(cut.rows.length, this.#patience))) {
      this.#signal.throwIfAborted();
      this.#isRestLeft = true;
      return;
    }
    const stream = (this.#stream ??= await this.#openStream());
    await inFlight.acquire(cut.bytes, this.#signal);
    // While it waited an append before it may have been rejected; then that one's rows come first.
    if (this.#steps[0] !== step) {
      inFlight.release(cut.bytes);
      rowRate.giveBack(cut.rows.length);
      return;
    }
    this.#steps.shift();
    const sent: Sent = { cut, sentMs: clock.monotonicMs(), outcome: undefined };
    this.#sent.push(sent);
    const offset = mode === "exactly-once" ? this.#handedOver : undefined;
    this.#handedOver += cut.rows.length;
    events.onAppended(cut.rows.length);
    const bytes = cut.rows.map((row) => row.bytes);
    void stream
      .append(bytes, offset)
      .finally(() => inFlight.release(cut.bytes))
      .then((outcome) => this.#settle(sent, outcome))
      .catch((error: unknown) => this.#options.ownership.fail(error));
  }

  #settle(sent: Sent, outcome: AppendOutcome): void {
    sent.outcome = outcome;
    for (let head = this.#sent[0]; head?.outcome?.kind === "stored"; head = this.#sent[0]) {
      this.#sent.shift();
      this.#progressTo(head.cut);
      this.#options.events.onStored(head.cut.rows, this.#options.clock.monotonicMs() - head.sentMs);
    }
    if (this.#sent.length > 0 && this.#sent.every((each) => each.outcome !== undefined)) this.#cutAgain();
    this.#reachConsumed();
    this.#change();
  }

  #progressTo({ rows, bytes, nextOffset }: Cut): void {
    this.#progress.stored(rows.length, nextOffset, Number(rows.at(-1)?.record.timestamp));
    this.#heldBytes -= bytes;
    this.#activeMs = this.#options.clock.monotonicMs();
    this.#pauseOrResume();
  }

  /** BigQuery rejected rows, and nothing behind them is stored (with a default stream, it is known what is). */
  #cutAgain(): void {
    const steps = this.#sent.flatMap(({ cut, outcome }): Step[] => {
      if (outcome?.kind === "rejected") return stepsAround(cut, outcome.rows);
      return [{ kind: outcome?.kind === "stored" ? "stored" : "append", cut }];
    });
    this.#sent = [];
    this.#steps.unshift(...steps);
    this.#handedOver = this.#progress.rows;
  }

  /** A row that BigQuery rejected becomes a dead letter, confirmed before anything behind it is appended. */
  async #bury({ record, detail, bytes }: Extract<Step, { kind: "poison" }>): Promise<void> {
    const { deadLetters, ownership } = this.#options;
    const rejected = { reason: "bigquery_rejected", detail, record, partition: ownership.partition } as const;
    await deadLetters.send([rejected], this.#signal);
    this.#heldBytes -= bytes;
    this.#progress.reached(Number(record.offset) + 1, Number(record.timestamp));
    this.#pauseOrResume();
  }

  /**
   * Names the stream in a commit *before* the first row goes into it: whoever takes over finds every row that was not
   * committed in the stream of the last commit.
   */
  async #openStream(): Promise<OpenStream> {
    const { table, mode, clock, log } = this.#options;
    const name = await retry(
      CREATE_RETRY,
      () => (mode === "exactly-once" ? table.createStream() : Promise.resolve(table.defaultStream)),
      {
        clock,
        signal: this.#signal,
        onRetry: ({ error, delayMs }) => log.warn({ err: error, delayMs }, "no write stream yet, trying again"),
      },
    );
    this.#progress.startStream(name);
    this.#handedOver = 0;
    await this.#committer.commit();
    return table.openStream(name);
  }

  async #idle(): Promise<void> {
    const leftMs = this.#activeMs + this.#options.idleTimeoutMs - this.#options.clock.monotonicMs();
    if (this.#stream === undefined) await this.#untilChange();
    else if (leftMs > 0) await this.#untilChange(leftMs);
    else await this.#closeStream();
  }

  async #finish(): Promise<void> {
    this.#committer.stop();
    if (this.#stream !== undefined) await this.#closeStream();
    else if (this.#committer.isBehind) await this.#committer.commit();
  }

  /** Ends the stream in order: after the commit there is none, and whoever takes over has nothing to ask. */
  async #closeStream(): Promise<void> {
    const { table, mode, log } = this.#options;
    const stream = this.#stream;
    this.#stream = undefined;
    await stream?.close(new Error("the stream is finalized"));
    if (stream !== undefined && mode === "exactly-once") {
      const rows = await retry(CREATE_RETRY, () => table.finalizeStream(stream.name), {
        clock: this.#options.clock,
        signal: this.#signal,
      });
      if (rows !== undefined && rows !== this.#progress.rows)
        throw writerErrors.create("WRITER_ROWS_NOT_VISIBLE", "the stream holds other rows than were stored", {
          details: { rows, stored: this.#progress.rows },
        });
      log.info({ stream: stream.name, rows }, "the stream is finalized");
    }
    this.#progress.startStream(null);
    await this.#committer.commit();
  }

  /** The ownership has ended: nothing more is sent or committed. */
  #onEnd(): void {
    this.#committer.stop();
    this.#flushTimer?.clear();
    void this.#stream?.close(this.#signal.reason as Error);
    this.#change();
  }
}
