import { BigQuery, type BigQueryOptions } from "@google-cloud/bigquery";
import type { Clock } from "#runtime/clock";

/** Longest wait for an answer; a query that takes longer says so before, and its result is asked for again. */
export const REST_DEADLINE_MS = 60_000;

type RequestArguments = Parameters<BigQuery["request"]>;

/**
 * Google's client of the REST API, with a deadline for each call. Its own `timeout` does nothing: teeny-request 11 hands
 * it to node-fetch 3, which knows no such option, and a server that takes a request and never answers holds the caller
 * for ever. A call that comes too late may still take effect. Its connection is left to the server: the client gives
 * nobody a way to close it.
 */
export class RestClient extends BigQuery {
  readonly #clock: Clock;

  constructor(options: BigQueryOptions, clock: Clock) {
    super(options);
    this.#clock = clock;
  }

  /** All calls of the client and of its datasets, tables and jobs go through here, authentication included. */
  override request(options: RequestArguments[0], callback: RequestArguments[1]): void {
    let isOver = false;
    const finish: RequestArguments[1] = (...result) => {
      if (isOver) return;
      isOver = true;
      timer.clear();
      callback(...result);
    };
    const timer = this.#clock.setTimer(REST_DEADLINE_MS, () => finish(tooLate(options.uri)));
    super.request(options, finish);
  }
}

function tooLate(uri: string): Error {
  return Object.assign(new Error(`BigQuery did not answer within ${REST_DEADLINE_MS} ms: ${uri}`), {
    code: "ETIMEDOUT",
  });
}
