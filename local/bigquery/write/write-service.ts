import { Metadata, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Store } from "../engine/store.ts";
import type { WriteStream } from "../engine/write-stream.ts";
import type { FaultCall, FaultPlan } from "../faults/plan.ts";
import { type Table, tableName } from "../schema/table.ts";
import { AppendConnection, type AppendConnectionOptions, CallEnd } from "./append-connection.ts";
import { type AppendRowsHandler, CODE, type RpcStatus, statusBytes, STREAM_TYPE, VIEW_FULL } from "./protocol.ts";
import { status, storageSchema, streamNotFound, tableNotFound } from "./reply.ts";
import { parseStreamName, parseTablePath } from "./stream-name.ts";

export interface WriteServiceOptions extends AppendConnectionOptions {
  readonly store: Store;
  readonly faults: FaultPlan;
  /** Resets the TCP connection that a call came on; `peer` is its remote address and port. */
  readonly resetPeer: (peer: string) => void;
  /** Told about a failure that is nobody's fault but ours. */
  readonly onInternalError: (error: unknown) => void;
}

/** A unary call's refusal. */
class Refusal extends Error {
  readonly status: RpcStatus;

  constructor(refusal: RpcStatus) {
    super(refusal.message);
    this.status = refusal;
  }
}

/**
 * The handlers of `google.cloud.bigquery.storage.v1.BigQueryWrite` for COMMITTED streams and default streams. PENDING
 * and BUFFERED streams, and the calls that serve only them, are refused as UNIMPLEMENTED.
 */
export function writeServiceHandlers(options: WriteServiceOptions): UntypedServiceImplementation {
  const unimplemented = unary(options, undefined, () => {
    throw new Refusal(
      status(CODE.UNIMPLEMENTED, "PENDING and BUFFERED streams are not supported by the embedded BigQuery"),
    );
  });
  return {
    appendRows: appendRows(options) as UntypedServiceImplementation[string],
    createWriteStream: unary(options, "createStream", (request) => createWriteStream(options.store, request)),
    getWriteStream: unary(options, "getStream", (request) => getWriteStream(options.store, request)),
    finalizeWriteStream: unary(options, "finalizeStream", (request) => finalizeWriteStream(options.store, request)),
    batchCommitWriteStreams: unimplemented,
    flushRows: unimplemented,
  };
}

function appendRows(options: WriteServiceOptions): AppendRowsHandler {
  return (call) => {
    // A client that goes away is no failure: what it sent is stored, and it asks again for what it did not hear.
    call.on("error", () => undefined);
    new AppendConnection(call, options).serve().then(
      () => call.end(),
      (error: unknown) => {
        if (error instanceof CallEnd && error.reset) options.resetPeer(call.getPeer());
        else if (error instanceof CallEnd) call.emit("error", { code: error.code, details: error.message });
        else if (!call.cancelled) {
          options.onInternalError(error);
          call.emit("error", { code: CODE.INTERNAL, details: "internal error" });
        }
      },
    );
  };
}

interface UnaryRequest {
  readonly parent?: string;
  readonly name?: string;
  readonly writeStream?: { readonly type?: number } | null;
  readonly view?: number;
}

type UnaryHandler = (call: ServerUnaryCall<UnaryRequest, object>, callback: sendUnaryData<object>) => void;

/** Wraps a call with faults and with the translation of what it throws. */
function unary(
  options: WriteServiceOptions,
  faultCall: FaultCall | undefined,
  answer: (request: UnaryRequest) => Promise<object> | object,
): UnaryHandler {
  return (call, callback) => {
    const run = async (): Promise<object> => {
      const strike = faultCall && (await strikeUnary(options, faultCall, call));
      const message = await answer(call.request);
      if (strike === "replyLost") throw new Refusal(status(CODE.UNAVAILABLE, "service is unavailable"));
      return message;
    };
    run().then(
      (message) => callback(null, message),
      (error: unknown) => callback(serviceError(error, options.onInternalError)),
    );
  };
}

async function strikeUnary(
  { faults, resetPeer }: WriteServiceOptions,
  faultCall: FaultCall,
  call: ServerUnaryCall<UnaryRequest, object>,
): Promise<"replyLost" | undefined> {
  const { parent, name } = call.request;
  const table = parseTablePath(parent ?? "") ?? parseStreamName(name ?? "")?.table;
  const stream = name ? { stream: name } : {};
  const strike = await faults.strike({ call: faultCall, ...stream, ...(table ? { table: table.tableId } : {}) });
  if (strike === undefined || strike === "replyLost") return strike;
  if (strike === "reset") resetPeer(call.getPeer());
  if (strike === "resourceExhausted") throw new Refusal(status(CODE.RESOURCE_EXHAUSTED, "Exceeds quota"));
  if (strike === "streamGone") throw new Refusal(streamNotFound(name ?? ""));
  throw new Refusal(status(CODE.UNAVAILABLE, "service is unavailable"));
}

function serviceError(error: unknown, onInternalError: (error: unknown) => void): Parameters<sendUnaryData<object>>[0] {
  if (!(error instanceof Refusal)) {
    onInternalError(error);
    return { code: CODE.INTERNAL, details: "internal error" };
  }
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", statusBytes(error.status));
  return { code: error.status.code, details: error.status.message, metadata };
}

async function createWriteStream(store: Store, request: UnaryRequest): Promise<object> {
  const type = request.writeStream?.type ?? STREAM_TYPE.UNSPECIFIED;
  if (type === STREAM_TYPE.PENDING || type === STREAM_TYPE.BUFFERED) {
    throw new Refusal(status(CODE.UNIMPLEMENTED, "Only COMMITTED streams are supported by the embedded BigQuery"));
  }
  if (type !== STREAM_TYPE.COMMITTED) throw new Refusal(status(CODE.INVALID_ARGUMENT, "write_stream.type must be set"));
  const table = appendableTable(store, request.parent ?? "");
  const draft = store.streams.draft(table, store.clock.nowMs());
  const stream = await store.writer.exclusive(
    async (connection) => {
      if (!store.currentTable(table)) throw new Refusal(tableNotFound(tableName(table.ref)));
      await store.streams.persist(connection, draft);
      return draft;
    },
    (created) => store.streams.apply(created),
  );
  return describe(stream, table, true);
}

function appendableTable(store: Store, path: string): Table {
  const ref = parseTablePath(path);
  if (!ref) throw new Refusal(status(CODE.INVALID_ARGUMENT, `Invalid table name: '${path}'`));
  const table = store.catalog.table(ref);
  if (!table) throw new Refusal(tableNotFound(path));
  if (table.kind === "VIEW") throw new Refusal(status(CODE.INVALID_ARGUMENT, `A view cannot be written to: ${path}`));
  return table;
}

function getWriteStream(store: Store, request: UnaryRequest): object {
  const name = request.name ?? "";
  const full = request.view === VIEW_FULL;
  const parsed = parseStreamName(name);
  if (parsed?.isDefault) {
    const table = store.catalog.table(parsed.table);
    if (table?.kind !== "TABLE") throw new Refusal(tableNotFound(tableName(parsed.table)));
    return {
      name,
      type: STREAM_TYPE.COMMITTED,
      writeMode: 1,
      ...(full ? { tableSchema: storageSchema(table.fields) } : {}),
    };
  }
  const stream = existingStream(store, name);
  return describe(stream, store.catalog.table(stream.table), full);
}

async function finalizeWriteStream(store: Store, request: UnaryRequest): Promise<object> {
  const stream = existingStream(store, request.name ?? "");
  await store.writer.exclusive(
    async (connection) => {
      if (!stream.finalized) await store.streams.persistFinalized(connection, stream);
    },
    () => (stream.finalized = true),
  );
  return { rowCount: stream.rows };
}

function existingStream(store: Store, name: string): WriteStream {
  if (parseStreamName(name)?.isDefault) {
    throw new Refusal(status(CODE.INVALID_ARGUMENT, "The default stream cannot be finalized"));
  }
  const stream = store.streams.find(name);
  if (!stream) throw new Refusal(streamNotFound(name));
  return stream;
}

function describe(stream: WriteStream, table: Table | undefined, full: boolean): object {
  return {
    name: stream.name,
    type: STREAM_TYPE.COMMITTED,
    writeMode: 1,
    createTime: { seconds: Math.floor(stream.createdMs / 1000), nanos: (stream.createdMs % 1000) * 1_000_000 },
    location: "us",
    ...(full && table ? { tableSchema: storageSchema(table.fields) } : {}),
  };
}
