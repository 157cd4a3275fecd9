import type { Duplex } from "node:stream";
import type { protos } from "@google-cloud/bigquery-storage";
import { status } from "@grpc/grpc-js";
import type { Clock } from "#runtime";
import type { BigQueryClients } from "./client.ts";
import type { RawReply } from "./append-reply.ts";

/** Describes the rows' bytes to BigQuery. */
export type RowDescriptor = protos.google.protobuf.IDescriptorProto;

/** How long a connection that was given up may take to close before the next one opens anyway. */
const CLOSE_TIMEOUT_MS = 1000;

export interface AppendConnectionOptions {
  readonly clients: BigQueryClients;
  readonly stream: string;
  readonly descriptor: RowDescriptor;
  readonly clock: Clock;
  readonly onReply: (reply: RawReply) => void;
  /** Once, when it ends by itself; never after {@link AppendConnection.close}. */
  readonly onEnd: (code: number, message: string) => void;
}

type Call = Duplex & { cancel(): void };

/**
 * One AppendRows call to one write stream. It only carries: requests in order, and answers in the same order. The schema
 * goes with the first request alone.
 *
 * Why not the client library's StreamConnection: it sends the schema with every append, sends a failed append again
 * *behind* later ones, and answers an error of one append with the next one's result; see the README.
 */
export class AppendConnection {
  readonly #options: AppendConnectionOptions;
  readonly #call: Call;
  readonly #closed = Promise.withResolvers<undefined>();
  #isFirst = true;
  #isOver = false;

  constructor(options: AppendConnectionOptions) {
    this.#options = options;
    const { clients, stream } = options;
    const headers = { ...clients.headers, "x-goog-request-params": `write_stream=${encodeURIComponent(stream)}` };
    this.#call = clients.write.appendRows({ otherArgs: { headers } });
    // Every way in which a call may end; a missing listener for errors would end the process.
    this.#call.on("data", (reply: RawReply) => {
      if (!this.#isOver) options.onReply(reply);
    });
    this.#call.on("error", (error: Error & { code?: number }) =>
      this.#end(error.code ?? status.UNKNOWN, error.message),
    );
    this.#call.on("end", () => this.#end(status.UNAVAILABLE, "the connection was closed by the service"));
    this.#call.on("close", () => this.#end(status.UNAVAILABLE, "the connection was closed"));
  }

  /** Sends rows; the offset is left out for a default stream. */
  send(rows: readonly Uint8Array[], offset: number | undefined): void {
    const { stream, descriptor } = this.#options;
    const first = this.#isFirst
      ? {
          writeStream: stream,
          traceId: "smart-home-bridge",
          protoRows: { writerSchema: { protoDescriptor: descriptor } },
        }
      : {};
    this.#isFirst = false;
    this.#call.write({
      ...first,
      ...(offset === undefined ? {} : { offset: { value: offset } }),
      protoRows: { ...first.protoRows, rows: { serializedRows: rows } },
    });
  }

  /** Gives the call up; resolves when it is closed on this side, or after a second. */
  async close(): Promise<void> {
    this.#isOver = true;
    try {
      this.#call.cancel();
      this.#call.end();
    } catch {
      // A call that cannot be given up is over already.
      this.#closed.resolve(undefined);
    }
    const timeout = new AbortController();
    const late = this.#options.clock.sleep(CLOSE_TIMEOUT_MS, timeout.signal).catch(() => undefined);
    await Promise.race([this.#closed.promise, late]);
    timeout.abort(new Error("closed"));
  }

  #end(code: number, message: string): void {
    this.#closed.resolve(undefined);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd(code, message);
  }
}
