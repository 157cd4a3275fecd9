import { status } from "@grpc/grpc-js";
import { retryDelayMs, retryPolicy, type Clock, type Timer } from "#runtime";
import { AppendConnection, type RowDescriptor } from "./append-connection.ts";
import { judgeCode, judgeReply, type RawReply, type RowError, type Verdict } from "./append-reply.ts";
import type { BigQueryClients } from "./client.ts";
import { bigQueryErrors } from "./errors.ts";

/** What became of an append. */
export type AppendOutcome =
  | { readonly kind: "stored" }
  /** Some rows do not fit. Nothing of this append was stored. */
  | { readonly kind: "rejected"; readonly rows: readonly RowError[] }
  /** An append before it was rejected, so that its offset was never reached. Nothing of it was stored. */
  | { readonly kind: "notReached" };

/** A failed attempt that will be repeated, for logs and metrics. */
export interface AppendRetry {
  readonly attempt: number;
  readonly delayMs: number;
  readonly code: number;
  readonly message: string;
}

export interface WriteStreamOptions {
  readonly clients: BigQueryClients;
  /** The stream's whole name, or a table's default stream. */
  readonly stream: string;
  readonly descriptor: RowDescriptor;
  readonly clock: Clock;
  /** How long an answer may take before the connection counts as dead. */
  readonly appendTimeoutMs: number;
  readonly onRetry: (retry: AppendRetry) => void;
}

interface Append {
  readonly rows: readonly Uint8Array[];
  readonly offset: number | undefined;
  readonly settled: PromiseWithResolvers<AppendOutcome>;
  sentMs: number;
  /** Sent over a connection that ended before it answered: that copy may still take effect. */
  hasUnknownCopy: boolean;
  /** Known while an append before it was rejected. */
  outcome: AppendOutcome | undefined;
}

const RECONNECT = retryPolicy({ initialDelayMs: 50, maxDelayMs: 5000 });

/**
 * Appends to one write stream, many at a time, over one connection.
 *
 * Guarantees:
 * - An append is frozen once it was handed over: each copy of it has the same bytes and the same offset. So (stream,
 *   offset) names one row for ever, and ALREADY_EXISTS means: stored.
 * - Copies are sent in order. After an answer that may mean anything (unavailable, no answer in time, the connection
 *   gone) the connection is closed, then a new one opened, and everything without an outcome is sent again, oldest first.
 *   That goes on until it is answered or the stream is closed.
 * - `rejected` and `notReached` are told only when the outcome of *every* append handed over is known and no earlier copy
 *   of one of them can still take effect. Only then may their rows be appended in another cut. Otherwise all of them
 *   fail with BIGQUERY_STREAM_LOST, and whoever owns the stream has to finalize it and ask what it holds.
 *
 * With a default stream there are no offsets: what was sent again may be stored twice.
 *
 * It bounds nothing by itself: whoever hands over has a limit.
 */
export class WriteStream {
  readonly name: string;
  readonly #options: WriteStreamOptions;
  /** Handed over and without outcome, oldest first. */
  #appends: Append[] = [];
  /** How many of these were sent over the present connection. */
  #sent = 0;
  /** How many of those were answered, while an append was rejected. */
  #answered = 0;
  #isRejecting = false;
  /** After a rejection: the only offset that can follow. What was handed over before that was known is not reached. */
  #mustFollow: number | undefined;
  #connection: AppendConnection | undefined;
  /** Between two connections nothing is sent. */
  #isPausing = false;
  #attempt = 0;
  #headTimer: Timer | undefined;
  readonly #closing = new AbortController();

  constructor(options: WriteStreamOptions) {
    this.name = options.stream;
    this.#options = options;
  }

  /**
   * Hands rows over. `offset` is the stream's row count before them; it must follow the append before.
   *
   * @throws BIGQUERY_STREAM_LOST, BIGQUERY_REFUSED, or the reason of {@link WriteStream.close}; the outcome is unknown then.
   */
  append(rows: readonly Uint8Array[], offset: number | undefined): Promise<AppendOutcome> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason as Error);
    if (this.#mustFollow !== undefined && offset !== this.#mustFollow) return Promise.resolve({ kind: "notReached" });
    this.#mustFollow = undefined;
    const settled = Promise.withResolvers<AppendOutcome>();
    this.#appends.push({ rows, offset, settled, sentMs: 0, hasUnknownCopy: false, outcome: undefined });
    this.#sendAll();
    return settled.promise;
  }

  /** Gives up; appends without outcome reject with the reason. Resolves when the connection is closed. */
  async close(reason: Error): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(reason);
    this.#headTimer?.clear();
    const connection = this.#connection;
    this.#connection = undefined;
    for (const { settled } of this.#appends.splice(0)) settled.reject(reason);
    await connection?.close();
  }

  #sendAll(): void {
    if (this.#isPausing || this.#isRejecting || this.#sent === this.#appends.length) return;
    const connection = (this.#connection ??= this.#connect());
    for (; this.#sent < this.#appends.length; this.#sent += 1) {
      const append = this.#appends[this.#sent];
      if (append === undefined) return;
      append.sentMs = this.#options.clock.monotonicMs();
      connection.send(append.rows, append.offset);
    }
    this.#watchHead();
  }

  #connect(): AppendConnection {
    const { clients, stream, descriptor, clock } = this.#options;
    const connection: AppendConnection = new AppendConnection({
      clients,
      stream,
      descriptor,
      clock,
      onReply: (reply) => this.#onReply(connection, reply),
      onEnd: (code, message) => this.#onEnd(connection, code, message),
    });
    return connection;
  }

  /** Answers come in order, so the oldest append is always the first to be late. */
  #watchHead(): void {
    const { clock, appendTimeoutMs } = this.#options;
    this.#headTimer?.clear();
    this.#headTimer = undefined;
    const [connection, waiting] = [this.#connection, this.#appends[this.#answered]];
    if (connection === undefined || waiting === undefined || this.#answered >= this.#sent) return;
    const leftMs = waiting.sentMs + appendTimeoutMs - clock.monotonicMs();
    this.#headTimer = clock.setTimer(Math.max(0, leftMs), () =>
      this.#onEnd(connection, status.DEADLINE_EXCEEDED, `no answer within ${appendTimeoutMs} ms`),
    );
  }

  #onReply(connection: AppendConnection, reply: RawReply): void {
    const head = this.#appends[this.#answered];
    if (connection !== this.#connection || head === undefined || this.#answered >= this.#sent) return;
    const verdict = judgeReply(reply);
    if (this.#isRejecting) this.#onReplyBehind(head, verdict);
    else this.#onVerdict(connection, head, verdict);
  }

  #onVerdict(connection: AppendConnection, head: Append, verdict: Verdict): void {
    switch (verdict.kind) {
      case "stored":
        this.#onStored(head, verdict.offset);
        break;
      case "rejected":
        head.outcome = verdict;
        this.#isRejecting = true;
        this.#answered = 1;
        this.#endRejecting();
        break;
      case "transient":
        this.#reconnect(connection, verdict.code, verdict.message);
        break;
      case "refused":
        this.#fail("BIGQUERY_REFUSED", verdict);
        break;
      case "lost":
      case "outOfRange":
        this.#fail("BIGQUERY_STREAM_LOST", verdict);
    }
  }

  #onStored(head: Append, offset: number | undefined): void {
    if (offset !== undefined && head.offset !== undefined && offset !== head.offset) {
      const message = `stored at offset ${offset} instead of ${head.offset}`;
      this.#fail("BIGQUERY_STREAM_LOST", { code: status.INTERNAL, message });
      return;
    }
    this.#attempt = 0;
    this.#appends.shift();
    this.#sent -= 1;
    head.settled.resolve({ kind: "stored" });
    this.#watchHead();
  }

  /** An append before this one was rejected; in a stream with offsets this one cannot have been stored. */
  #onReplyBehind(append: Append, verdict: Verdict): void {
    if (verdict.kind !== "stored") append.outcome = verdict.kind === "rejected" ? verdict : { kind: "notReached" };
    else if (append.offset === undefined) append.outcome = { kind: "stored" };
    else {
      const message = "stored behind an append that was rejected";
      this.#fail("BIGQUERY_STREAM_LOST", { code: status.INTERNAL, message });
      return;
    }
    this.#answered += 1;
    this.#endRejecting();
  }

  #endRejecting(): void {
    if (this.#answered < this.#sent) {
      this.#watchHead();
      return;
    }
    const appends = this.#appends.splice(0);
    this.#sent = this.#answered = 0;
    this.#isRejecting = false;
    this.#headTimer?.clear();
    if (appends.some(({ hasUnknownCopy, offset }) => hasUnknownCopy && offset !== undefined)) {
      this.#appends = appends;
      const message = "rows were rejected while an earlier copy of an append may still take effect";
      this.#fail("BIGQUERY_STREAM_LOST", { code: status.ABORTED, message });
      return;
    }
    // A rejection behind the first one is found again when its turn comes.
    const [first, ...behind] = appends;
    this.#mustFollow = first?.offset;
    first?.settled.resolve(first.outcome ?? { kind: "notReached" });
    for (const { settled, outcome } of behind)
      settled.resolve(outcome?.kind === "stored" ? outcome : { kind: "notReached" });
  }

  #onEnd(connection: AppendConnection, code: number, message: string): void {
    if (connection !== this.#connection) return;
    const verdict = judgeCode(code, message);
    if (this.#isRejecting || verdict.kind === "lost") this.#fail("BIGQUERY_STREAM_LOST", { code, message });
    else if (verdict.kind === "refused") this.#fail("BIGQUERY_REFUSED", verdict);
    else this.#reconnect(connection, code, message);
  }

  /** Closes the connection, pauses, and sends everything again over the next one; if there is nothing, on demand. */
  #reconnect(connection: AppendConnection, code: number, message: string): void {
    this.#headTimer?.clear();
    this.#connection = undefined;
    for (const append of this.#appends.slice(0, this.#sent)) append.hasUnknownCopy = true;
    this.#sent = 0;
    this.#isPausing = true;
    // An idle connection is ended by the service after some minutes; nobody has to hear of that.
    const isIdle = this.#appends.length === 0;
    if (!isIdle) this.#attempt += 1;
    const delayMs = isIdle ? 0 : retryDelayMs(RECONNECT, this.#attempt, Math.random);
    if (!isIdle) this.#options.onRetry({ attempt: this.#attempt, delayMs, code, message });
    void this.#pause(connection, delayMs);
  }

  async #pause(connection: AppendConnection, delayMs: number): Promise<void> {
    try {
      await connection.close();
      await this.#options.clock.sleep(delayMs, this.#closing.signal);
    } catch {
      return;
    }
    this.#isPausing = false;
    this.#sendAll();
  }

  #fail(code: "BIGQUERY_STREAM_LOST" | "BIGQUERY_REFUSED", cause: { code: number; message: string }): void {
    const details = { stream: this.name, grpcCode: cause.code, reason: cause.message };
    const message = code === "BIGQUERY_REFUSED" ? "BigQuery refuses the append" : "the write stream is lost";
    void this.close(bigQueryErrors.create(code, message, { details }));
  }
}
