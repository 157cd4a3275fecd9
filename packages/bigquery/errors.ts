import { errorList } from "#runtime";

/** Everything this room throws on purpose. */
export const bigQueryErrors = errorList({
  /** The write stream cannot be appended to any more, or what it holds is not known. A new one has to take its place. */
  BIGQUERY_STREAM_LOST: { retryable: true },
  /** BigQuery refuses the call and will go on doing so: no permission, a schema that does not fit. */
  BIGQUERY_REFUSED: { retryable: false },
  /** No answer in time, the service is away, a limit is reached: the same call may succeed later. */
  BIGQUERY_UNAVAILABLE: { retryable: true },
  /** The dataset is in another location than was configured. */
  BIGQUERY_DATASET_MISMATCH: { retryable: false },
  /** A table is not there, or differs from what is needed. */
  BIGQUERY_TABLE_MISMATCH: { retryable: false },
});
