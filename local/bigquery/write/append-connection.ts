import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { RowBatch } from "../engine/row-batch.ts";
import type { Store } from "../engine/store.ts";
import type { WriteStream } from "../engine/write-stream.ts";
import type { FaultPlan } from "../faults/plan.ts";
import { type Table, tableName } from "../schema/table.ts";
import { DescriptorError, parseDescriptor } from "./descriptor.ts";
import {
  type AppendRowsRequest,
  type AppendRowsResponse,
  CODE,
  type RpcStatus,
  STORAGE_ERROR,
  toNumber,
} from "./protocol.ts";
import { appendStatus, rowErrorsReply, status, storageSchema, streamNotFound, tableNotFound } from "./reply.ts";
import { ExtraFieldsError, RowDecoder } from "./row-decoder.ts";
import { parseStreamName } from "./stream-name.ts";

/** A request must be smaller than this; see AppendRowsRequest in the API definition. */
export const MAX_REQUEST_BYTES = 10_000_000;
/** Replies that one connection may owe before its requests are left in the socket. */
const MAX_OWED_REPLIES = 256;

/** Ends the call with a status instead of a reply. */
export class CallEnd extends Error {
  readonly code: CODE;
  /** The TCP connection is to be reset as well. */
  readonly reset: boolean;

  constructor(code: CODE, message: string, reset = false) {
    super(message);
    this.code = code;
    this.reset = reset;
  }
}

/** Where an append goes, once its request was found to be in order. */
interface Destination {
  readonly name: string;
  readonly table: Table;
  readonly stream?: WriteStream;
}

export interface AppendConnectionOptions {
  readonly store: Store;
  readonly faults: FaultPlan;
  /** Bytes of appends that may wait for the database, over all connections, before requests are left in the socket. */
  readonly maxBacklogBytes: number;
}

/**
 * One AppendRows call: a connection that appends to one stream, or to the default streams of several tables.
 *
 * Guarantees: replies come in the order of the requests, one each. A reply without an error means that the rows are on
 * disk. Errors of single appends are told in-band and leave the connection open; what came after a failed append is
 * judged on its own, so a pipelined append behind it gets OUT_OF_RANGE.
 *
 * Bounds: {@link MAX_OWED_REPLIES} and `maxBacklogBytes`; at either, requests stay in the socket and TCP holds the client.
 */
export class AppendConnection {
  readonly #options: AppendConnectionOptions;
  readonly #call: ServerDuplexStream<AppendRowsRequest, AppendRowsResponse>;
  #owed: Promise<void>[] = [];
  #replied: Promise<void> = Promise.resolve();
  #streamName = "";
  #writerSchema: Uint8Array | undefined;
  #decoder: { readonly table: Table; readonly schema: Uint8Array; readonly rows: RowDecoder } | undefined;
  /** The table version that the client knows of, for `updated_schema`. */
  #knownTable: Table | undefined;

  constructor(call: ServerDuplexStream<AppendRowsRequest, AppendRowsResponse>, options: AppendConnectionOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Serves the call to its end. Throws {@link CallEnd} to end it with a status, after the replies that it owes. */
  async serve(): Promise<void> {
    try {
      // Leaving the loop by a throw must not destroy the stream: the status is still to be sent on it.
      for await (const request of this.#call.iterator({ destroyOnReturn: false })) {
        this.#owe(await this.#accept(request as AppendRowsRequest));
        while (this.#owed.length >= MAX_OWED_REPLIES || this.#backlogIsFull()) await this.#owed[0];
      }
    } finally {
      await this.#replied;
    }
  }

  /** Judges a request and queues its rows. The promise inside is the reply: awaiting it here would end pipelining. */
  async #accept(request: AppendRowsRequest): Promise<{ readonly reply: Promise<AppendRowsResponse> }> {
    const destination = this.#destination(request);
    const strike = await this.#options.faults.strike({
      call: "append",
      stream: this.#streamName,
      ...("table" in destination ? { table: destination.table.ref.tableId } : {}),
    });
    if (strike === "reset") throw new CallEnd(CODE.UNAVAILABLE, "connection reset", true);
    if (strike === "unavailable" || strike === "requestLost")
      throw new CallEnd(CODE.UNAVAILABLE, "service is unavailable");
    if (strike === "resourceExhausted") return refusal(status(CODE.RESOURCE_EXHAUSTED, "Exceeds quota"));
    if (strike === "streamGone") return refusal(streamNotFound(this.#streamName));
    if ("code" in destination) return refusal(destination);
    const reply = this.#append(destination, request);
    if (strike !== "replyLost") return { reply };
    await reply;
    throw new CallEnd(CODE.UNAVAILABLE, "service is unavailable");
  }

  #append(destination: Destination, request: AppendRowsRequest): Promise<AppendRowsResponse> {
    const decoded = this.#decode(destination, request);
    if ("error" in decoded) return Promise.resolve(decoded);
    return this.#store(destination, decoded, request);
  }

  async #store(to: Destination, batch: RowBatch, request: AppendRowsRequest): Promise<AppendRowsResponse> {
    const offset = request.offset ? toNumber(request.offset.value) : undefined;
    const target = to.stream ? { stream: to.stream, ...(offset === undefined ? {} : { offset }) } : {};
    try {
      const outcome = await this.#options.store.append({ table: to.table, batch, ...target });
      const error = appendStatus(outcome, to.name, offset);
      if (error) return { error, writeStream: to.name };
      const appendResult = to.stream && outcome.kind === "store" ? { offset: { value: outcome.offset } } : {};
      return { appendResult, writeStream: to.name, ...this.#schemaNews(to.table) };
    } catch (error) {
      return {
        error: status(CODE.INTERNAL, `the rows were not stored: ${(error as Error).message}`),
        writeStream: to.name,
      };
    }
  }

  /** Which stream and table a request is for; a status if it cannot be appended anywhere. */
  #destination(request: AppendRowsRequest): Destination | RpcStatus {
    if (request.writeStream !== "") this.#switchTo(request.writeStream);
    const name = this.#streamName;
    const parsed = parseStreamName(name);
    if (!parsed) throw new CallEnd(CODE.INVALID_ARGUMENT, `Invalid or missing write_stream: '${name}'`);
    const refused = refusedRequest(request, parsed.isDefault);
    if (refused) return refused;
    const { store } = this.#options;
    if (parsed.isDefault) {
      const table = store.catalog.table(parsed.table);
      return table?.kind === "TABLE" ? { name, table } : tableNotFound(tableName(parsed.table));
    }
    const stream = store.streams.find(name);
    const table = stream && store.catalog.table(stream.table);
    return stream && table?.storageName === stream.storageName ? { name, table, stream } : streamNotFound(name);
  }

  #switchTo(name: string): void {
    const wasDefault = this.#streamName.endsWith("/_default");
    if (this.#streamName !== "" && name !== this.#streamName && !(wasDefault && name.endsWith("/_default"))) {
      throw new CallEnd(CODE.INVALID_ARGUMENT, "A connection cannot change from one write stream to another");
    }
    this.#streamName = name;
  }

  #decode(to: Destination, request: AppendRowsRequest): RowBatch | (AppendRowsResponse & { error: RpcStatus }) {
    try {
      const decoder = this.#decoderFor(to.table, request.protoRows?.writerSchema?.protoDescriptor);
      const decoded = decoder.decodeRows(request.protoRows?.rows?.serializedRows ?? [], request.wireBytes);
      if (decoded.kind === "batch") return decoded.batch;
      return rowErrorsReply(decoded.errors, to.name) as AppendRowsResponse & { error: RpcStatus };
    } catch (error) {
      if (!(error instanceof DescriptorError)) throw error;
      const code = error instanceof ExtraFieldsError ? STORAGE_ERROR.SCHEMA_MISMATCH_EXTRA_FIELDS : undefined;
      return { error: status(CODE.INVALID_ARGUMENT, `${error.message}. Entity: ${to.name}`, code, to.name) };
    }
  }

  /** The decoder is kept as long as the client's descriptor and the table's columns stay the same. */
  #decoderFor(table: Table, sent: Uint8Array | undefined): RowDecoder {
    if (sent && sent.length > 0) this.#writerSchema = sent;
    const schema = this.#writerSchema;
    if (!schema) throw new DescriptorError("The first request of a connection must carry a writer schema");
    const kept = this.#decoder;
    if (kept && kept.table.storageName === table.storageName && kept.table.fields === table.fields) {
      if (Buffer.compare(kept.schema, schema) === 0) return kept.rows;
    }
    const rows = new RowDecoder(parseDescriptor(schema), table.fields);
    this.#decoder = { table, schema, rows };
    return rows;
  }

  /** `updated_schema`, once, after columns were added since the last time the client was told. */
  #schemaNews(table: Table): Pick<AppendRowsResponse, "updatedSchema"> {
    const current = this.#options.store.currentTable(table) ?? table;
    const known = this.#knownTable;
    this.#knownTable = current;
    const isNews = known?.storageName === current.storageName && known.fields.length < current.fields.length;
    return isNews ? { updatedSchema: storageSchema(current.fields) } : {};
  }

  #owe({ reply }: { readonly reply: Promise<AppendRowsResponse> }): void {
    const before = this.#replied;
    const mine = (async () => {
      const [message] = await Promise.all([reply, before]);
      this.#call.write(message);
      void this.#owed.shift();
    })();
    this.#replied = mine;
    this.#owed.push(mine);
  }

  #backlogIsFull(): boolean {
    return this.#owed.length > 0 && this.#options.store.writer.backlogBytes > this.#options.maxBacklogBytes;
  }
}

/** Requests that are wrong in themselves, whatever the table. */
function refusedRequest(request: AppendRowsRequest, isDefault: boolean): RpcStatus | undefined {
  if (request.wireBytes > MAX_REQUEST_BYTES) {
    return status(
      CODE.INVALID_ARGUMENT,
      `AppendRows request too large: ${request.wireBytes} limit ${MAX_REQUEST_BYTES}`,
    );
  }
  if (request.arrowRows) return status(CODE.UNIMPLEMENTED, "arrow_rows is not supported by the embedded BigQuery");
  if (isDefault && request.offset) {
    return status(CODE.INVALID_ARGUMENT, "Offset is not allowed when appending to the default stream");
  }
  const offset = request.offset ? toNumber(request.offset.value) : 0;
  if (offset < 0) return status(CODE.INVALID_ARGUMENT, `The offset must not be negative, received ${offset}`);
  return undefined;
}

function refusal(error: RpcStatus): { readonly reply: Promise<AppendRowsResponse> } {
  return { reply: Promise.resolve({ error }) };
}
