import { errorList } from "#runtime";

/** Everything the writer throws on purpose. */
export const writerErrors = errorList({
  /** What the group committed does not fit this writer, or Kafka's log does not fit the table. A person has to look. */
  WRITER_TAKEOVER_REFUSED: { retryable: false },
  /** A finalized stream and the table disagree about how many rows there are, for longer than any delay explains. */
  WRITER_COUNT_MISMATCH: { retryable: false },
  /** The table does not show yet what its stream holds. */
  WRITER_ROWS_NOT_VISIBLE: { retryable: true },
  /** To append again would store rows twice, or somebody else is at it. Nothing was changed. */
  WRITER_REAPPEND_REFUSED: { retryable: false },
});
