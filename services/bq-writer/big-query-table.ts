import {
  createStream,
  defaultStreamOf,
  finalizeStream,
  storedOffsets,
  tablePath,
  WriteStream,
  type AppendRetry,
  type BigQueryClients,
  type RowDescriptor,
  type TableId,
} from "#bigquery";
import { STORED_WINDOW } from "#events";
import type { Clock, Logger } from "#runtime";
import type { TableWriter } from "./table-writer.ts";

export interface BigQueryTableOptions {
  readonly clients: BigQueryClients;
  readonly id: TableId;
  readonly descriptor: RowDescriptor;
  readonly kafkaSource: string;
  readonly appendTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onRetry: (retry: AppendRetry) => void;
}

/** Beyond the window that validation allows, for a broker's clock that was set back. */
const CLOCK_SLACK_MS = 86_400_000;

/** The table in BigQuery, for the rows of one Kafka topic. */
export function bigQueryTable(options: BigQueryTableOptions): TableWriter {
  const { clients, id, kafkaSource, descriptor, clock, log } = options;
  return {
    table: tablePath(id),
    defaultStream: defaultStreamOf(id),
    createStream: () => createStream(clients, id),
    finalizeStream: (stream) => finalizeStream(clients, stream),
    openStream: (stream) =>
      new WriteStream({
        clients,
        stream,
        descriptor,
        clock,
        appendTimeoutMs: options.appendTimeoutMs,
        onRetry: (retry) => {
          log.warn({ ...retry, stream }, "appends failed, they will be sent again");
          options.onRetry(retry);
        },
      }),
    stored: ({ partition, afterOffset, seenMs }) =>
      storedOffsets(clients, {
        table: id,
        kafkaSource,
        kafkaPartition: partition,
        afterOffset,
        sinceEventTimeMs: seenMs === undefined ? undefined : seenMs - STORED_WINDOW.pastMs - CLOCK_SLACK_MS,
      }),
  };
}
