import { status } from "@grpc/grpc-js";
import type { BigQueryClients } from "./client.ts";
import { bigQueryErrors } from "./errors.ts";
import { tablePath, type TableId } from "./table-id.ts";

/** Longest wait for an answer; whoever calls tries again. */
const CALL_TIMEOUT_MS = 15_000;

/**
 * Makes a COMMITTED stream: its rows can be queried as soon as their append is answered, and offsets make appends exact.
 * Gives its name. Repeating it leaves an empty stream behind, which costs nothing and goes away by itself.
 */
export async function createStream(clients: BigQueryClients, table: TableId): Promise<string> {
  const [stream] = await called("create", () =>
    clients.write.createWriteStream(
      { parent: tablePath(table), writeStream: { type: "COMMITTED" } },
      callOptions(clients, "parent", tablePath(table)),
    ),
  );
  if (!stream.name) throw bigQueryErrors.create("BIGQUERY_UNAVAILABLE", "a stream was made without a name");
  return stream.name;
}

/**
 * Ends a stream for everybody: an append that has not taken effect by now never will. Gives the number of its rows, for
 * ever the same, however often it is asked; `undefined` if there is no such stream (any more).
 */
export async function finalizeStream(clients: BigQueryClients, stream: string): Promise<number | undefined> {
  try {
    const [answer] = await called("finalize", () =>
      clients.write.finalizeWriteStream({ name: stream }, callOptions(clients, "name", stream)),
    );
    return Number(answer.rowCount ?? 0);
  } catch (error) {
    if (bigQueryErrors.is(error, "BIGQUERY_STREAM_LOST")) return undefined;
    throw error;
  }
}

function callOptions({ headers }: BigQueryClients, field: string, value: string): object {
  const routing = { "x-goog-request-params": `${field}=${encodeURIComponent(value)}` };
  return { timeout: CALL_TIMEOUT_MS, retry: null, otherArgs: { headers: { ...headers, ...routing } } };
}

async function called<T>(call: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const { code, message } = cause as { code?: number; message: string };
    const details = { call, grpcCode: code, reason: message };
    if (code === status.NOT_FOUND)
      throw bigQueryErrors.create("BIGQUERY_STREAM_LOST", "the table or stream is not there", { cause, details });
    if (code === status.PERMISSION_DENIED || code === status.INVALID_ARGUMENT || code === status.UNIMPLEMENTED)
      throw bigQueryErrors.create("BIGQUERY_REFUSED", "BigQuery refuses the call", { cause, details });
    throw bigQueryErrors.create("BIGQUERY_UNAVAILABLE", "the call to BigQuery failed", { cause, details });
  }
}
