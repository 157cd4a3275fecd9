import type { AppendOutcome, StoredOffsets } from "#bigquery";

/** The stream that a partition appends to. */
export interface OpenStream {
  readonly name: string;
  append(rows: readonly Uint8Array[], offset: number | undefined): Promise<AppendOutcome>;
  close(reason: Error): Promise<void>;
}

/** Which rows of the table are asked about. */
export interface StoredQuestion {
  readonly partition: number;
  readonly afterOffset: number;
  /** Append time of a record before them, milliseconds; `undefined` if none is known. */
  readonly seenMs: number | undefined;
}

/** What the writer needs of BigQuery. Every call may take effect without an answer, and may be repeated. */
export interface TableWriter {
  /** `projects/…/tables/…` */
  readonly table: string;
  readonly defaultStream: string;
  createStream(): Promise<string>;
  /** The rows of the stream that nobody can append to any more; `undefined` if it is gone. */
  finalizeStream(stream: string): Promise<number | undefined>;
  openStream(stream: string): OpenStream;
  stored(question: StoredQuestion): Promise<StoredOffsets>;
}
