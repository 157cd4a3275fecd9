import type { Query } from "@google-cloud/bigquery";
import type { BigQueryClients } from "./client.ts";
import { restError } from "./rest-error.ts";
import { sqlName, type TableId } from "./table-id.ts";

/** Which rows of a table are asked about: those of one Kafka partition behind an offset. */
export interface StoredOffsetsQuestion {
  readonly table: TableId;
  readonly kafkaSource: string;
  readonly kafkaPartition: number;
  /** Only offsets greater than this. */
  readonly afterOffset: number;
  /** No such row has an earlier event_time, milliseconds since the epoch; lets BigQuery skip partitions. */
  readonly sinceEventTimeMs: number | undefined;
}

/** What the table holds of them. */
export interface StoredOffsets {
  readonly count: number;
  /** `undefined` if there is none. */
  readonly maxOffset: number | undefined;
  /** Kafka's append time of the record with that offset, milliseconds since the epoch. */
  readonly maxOffsetIngestMs: number | undefined;
}

/** Within it BigQuery answers in any case; it is shorter than the deadline of the call itself. */
const QUERY_TIMEOUT_MS = 45_000;

/**
 * Asks the table itself; never answered from a cache.
 *
 * @throws BIGQUERY_UNAVAILABLE: ask again. BIGQUERY_REFUSED: a person has to look.
 */
export async function storedOffsets(
  { rest }: BigQueryClients,
  { table, kafkaSource, kafkaPartition, afterOffset, sinceEventTimeMs }: StoredOffsetsQuestion,
): Promise<StoredOffsets> {
  const bound = sinceEventTimeMs === undefined ? "" : " AND event_time >= TIMESTAMP_MILLIS(@since)";
  const query = `
    SELECT COUNT(*) AS stored, MAX(kafka_offset) AS last,
      ARRAY_AGG(UNIX_MILLIS(ingest_time) ORDER BY kafka_offset DESC LIMIT 1)[SAFE_OFFSET(0)] AS ingested
    FROM ${sqlName(table)}
    WHERE (kafka_source = @source AND kafka_partition = @partition) AND (kafka_offset > @after${bound})`;
  const params = { source: kafkaSource, partition: kafkaPartition, after: afterOffset };
  const question: Query = {
    query,
    params: sinceEventTimeMs === undefined ? params : { ...params, since: sinceEventTimeMs },
    types: { source: "STRING", partition: "INT64", after: "INT64", since: "INT64" },
    useQueryCache: false,
  };
  try {
    const [[row]] = (await rest.query(question, { timeoutMs: QUERY_TIMEOUT_MS })) as unknown as [
      [{ stored: number; last: number | null; ingested: number | null } | undefined],
    ];
    if (row === undefined) throw new Error("a count without a row");
    return { count: row.stored, maxOffset: row.last ?? undefined, maxOffsetIngestMs: row.ingested ?? undefined };
  } catch (error) {
    throw restError(error);
  }
}
