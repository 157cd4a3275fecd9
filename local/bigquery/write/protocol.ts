import { createRequire } from "node:module";
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  status as CODE,
} from "@grpc/grpc-js";
import protobuf from "protobufjs";

const PACKAGE = "google.cloud.bigquery.storage.v1";

/** `google.rpc.Code` and gRPC's status codes are the same numbers. */
export { CODE };

/** `StorageError.StorageErrorCode` values that the service uses. */
export const STORAGE_ERROR = {
  TABLE_NOT_FOUND: 1,
  STREAM_NOT_FOUND: 3,
  INVALID_STREAM_TYPE: 4,
  STREAM_FINALIZED: 6,
  SCHEMA_MISMATCH_EXTRA_FIELDS: 7,
  OFFSET_ALREADY_EXISTS: 8,
  OFFSET_OUT_OF_RANGE: 9,
} as const;

/** `WriteStream.Type` */
export const STREAM_TYPE = { UNSPECIFIED: 0, COMMITTED: 1, PENDING: 2, BUFFERED: 3 } as const;

/** `WriteStreamView.FULL`: the answer carries the table's schema. */
export const VIEW_FULL = 2;

/** An AppendRowsRequest as decoded here; 64-bit numbers are {@link LongLike}. */
export interface AppendRowsRequest {
  readonly writeStream: string;
  readonly offset?: { readonly value: LongLike } | null;
  readonly protoRows?: {
    /** The descriptor is left as bytes: clients send it with every append, and equal bytes need no second look. */
    readonly writerSchema?: { readonly protoDescriptor: Uint8Array } | null;
    readonly rows?: { readonly serializedRows: readonly Uint8Array[] } | null;
  } | null;
  readonly arrowRows?: object | null;
  /** Size of the message on the wire. */
  readonly wireBytes: number;
}

export type LongLike = number | { toNumber(): number };

/** `google.rpc.Status` */
export interface RpcStatus {
  readonly code: CODE;
  readonly message: string;
  readonly details?: readonly { readonly type_url: string; readonly value: Uint8Array }[];
}

export interface AppendRowsResponse {
  readonly appendResult?: { readonly offset?: { readonly value: number } };
  readonly error?: RpcStatus;
  readonly updatedSchema?: object;
  readonly rowErrors?: readonly { readonly index: number; readonly code: number; readonly message: string }[];
  readonly writeStream?: string;
}

/** The descriptors that Google ships with its client: the one source of the wire format. */
function loadRoot(): protobuf.Root {
  const json = createRequire(import.meta.url)(
    "@google-cloud/bigquery-storage/build/protos/protos.json",
  ) as protobuf.INamespace;
  const root = protobuf.Root.fromJSON(json);
  // A message and a bytes field look the same on the wire; see AppendRowsRequest.protoRows.
  const descriptorField = root.lookupType(`${PACKAGE}.ProtoSchema`).fields.protoDescriptor;
  if (!descriptorField) throw new Error("ProtoSchema has no proto_descriptor: unknown version of the client's protos");
  descriptorField.type = "bytes";
  return root;
}

const root = loadRoot();
const type = (name: string): protobuf.Type => root.lookupType(`${PACKAGE}.${name}`);

export const descriptorType = root.lookupType("google.protobuf.DescriptorProto");
export const COLUMN_NAME_OPTION = `.${PACKAGE}.columnName`;
const storageErrorType = type("StorageError");

/** A StorageError packed as a detail of a status. */
export function storageErrorDetail(
  code: number,
  entity: string,
  errorMessage: string,
): { type_url: string; value: Uint8Array } {
  const value = storageErrorType.encode(storageErrorType.create({ code, entity, errorMessage })).finish();
  return { type_url: `type.googleapis.com/${PACKAGE}.StorageError`, value };
}

/** A status as the `grpc-status-details-bin` trailer carries it, so that clients of unary calls see its details too. */
export function statusBytes(status: RpcStatus): Buffer {
  const statusType = root.lookupType("google.rpc.Status");
  return statusType.encode(statusType.fromObject(status)).finish() as Buffer;
}

type Method = ServiceDefinition[string];

function method(name: string, request: string, response: string, streaming = false): Method {
  const requestType = type(request);
  const responseType = type(response);
  const decode = (bytes: Buffer): object => Object.assign(requestType.decode(bytes), { wireBytes: bytes.length });
  const encode = (message: object): Buffer => responseType.encode(responseType.fromObject(message)).finish() as Buffer;
  return {
    path: `/${PACKAGE}.BigQueryWrite/${name}`,
    requestStream: streaming,
    responseStream: streaming,
    requestSerialize: (message: object) => requestType.encode(requestType.fromObject(message)).finish() as Buffer,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
  };
}

/** `google.cloud.bigquery.storage.v1.BigQueryWrite` */
export const bigQueryWriteService = {
  createWriteStream: method("CreateWriteStream", "CreateWriteStreamRequest", "WriteStream"),
  appendRows: method("AppendRows", "AppendRowsRequest", "AppendRowsResponse", true),
  getWriteStream: method("GetWriteStream", "GetWriteStreamRequest", "WriteStream"),
  finalizeWriteStream: method("FinalizeWriteStream", "FinalizeWriteStreamRequest", "FinalizeWriteStreamResponse"),
  batchCommitWriteStreams: method(
    "BatchCommitWriteStreams",
    "BatchCommitWriteStreamsRequest",
    "BatchCommitWriteStreamsResponse",
  ),
  flushRows: method("FlushRows", "FlushRowsRequest", "FlushRowsResponse"),
} satisfies ServiceDefinition;

export type Unary<Request> = handleUnaryCall<Request, object>;
export type AppendRowsHandler = handleBidiStreamingCall<AppendRowsRequest, AppendRowsResponse>;

/** A 64-bit number of the wire as a JavaScript number. Offsets and counts stay far below 2^53. */
export function toNumber(value: LongLike): number {
  return typeof value === "number" ? value : value.toNumber();
}
