import type { TableField } from "@google-cloud/bigquery";
import { adapt, managedwriter } from "@google-cloud/bigquery-storage";
import protobuf from "protobufjs";

export interface AppendReply {
  /** Offset of the first row; undefined if the append was refused, or went to a default stream. */
  readonly offset: number | undefined;
  readonly stored: boolean;
  /** gRPC code of an error, in-band or of the connection. */
  readonly code: number | undefined;
  /** Code of the StorageError in the error's details. */
  readonly storageCode: number | undefined;
  readonly message: string;
  readonly rowErrors: readonly number[];
  readonly updatedSchema: readonly string[] | undefined;
}

type Descriptor = ConstructorParameters<typeof managedwriter.Writer>[0]["protoDescriptor"];
type Connection = ConstructorParameters<typeof managedwriter.Writer>[0]["connection"];

/** Scalar names by `FieldDescriptorProto.Type`, for encoding rows with protobufjs. */
const SCALARS: Readonly<Record<number, string>> = {
  1: "double",
  3: "int64",
  5: "int32",
  8: "bool",
  9: "string",
  12: "bytes",
};

const TYPE_MESSAGE = 11;
const LABEL_REPEATED = 3;

/** Appends rows through the official client, and turns each of its ways to tell an outcome into one shape. */
export class Appender {
  readonly connection: Connection;
  readonly #writer: managedwriter.Writer;
  readonly #type: protobuf.Type;

  /** `columns` are those that the rows are encoded with, which need not be all of the table's. */
  static async open(
    client: managedwriter.WriterClient,
    stream: { readonly streamId: string } | { readonly newStreamOf: string },
    columns: readonly TableField[],
  ): Promise<Appender> {
    const connection =
      "streamId" in stream
        ? await client.createStreamConnection({ streamId: stream.streamId })
        : await client.createStreamConnection({
            streamType: managedwriter.CommittedStream,
            destinationTable: stream.newStreamOf,
          });
    return new Appender(connection, columns);
  }

  private constructor(connection: Connection, columns: readonly TableField[]) {
    const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields: [...columns] });
    const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(schema, "root") as Descriptor;
    this.connection = connection;
    // Without a listener the client throws a connection's error where nobody can catch it.
    connection.onConnectionError(() => undefined);
    this.#writer = new managedwriter.Writer({ connection, protoDescriptor });
    this.#type = rowType(protoDescriptor);
  }

  get streamId(): string {
    return this.connection.getStreamId();
  }

  encode(row: Readonly<Record<string, unknown>>): Uint8Array {
    return this.#type.encode(this.#type.fromObject(row)).finish();
  }

  append(rows: readonly Readonly<Record<string, unknown>>[], offset?: number): Promise<AppendReply> {
    return this.appendEncoded(
      rows.map((row) => this.encode(row)),
      offset,
    );
  }

  async appendEncoded(serializedRows: Uint8Array[], offset?: number): Promise<AppendReply> {
    try {
      return reply(await this.#writer.appendRows({ serializedRows }, offset).getResult());
    } catch (error) {
      const { code, message } = error as { code?: number; message: string };
      return { ...NOT_STORED, code: code ?? -1, message };
    }
  }

  close(): void {
    this.connection.close();
  }
}

const NOT_STORED: AppendReply = {
  offset: undefined,
  stored: false,
  code: undefined,
  storageCode: undefined,
  message: "",
  rowErrors: [],
  updatedSchema: undefined,
};

type RawReply = Awaited<ReturnType<ReturnType<managedwriter.Writer["appendRows"]>["getResult"]>>;

function reply(raw: RawReply): AppendReply {
  const offset = raw.appendResult?.offset?.value;
  return {
    offset: offset === undefined || offset === null ? undefined : Number(offset),
    stored: Boolean(raw.appendResult),
    code: raw.error?.code ?? undefined,
    storageCode: storageCode(raw.error?.details?.[0]?.value),
    message: raw.error?.message ?? "",
    rowErrors: (raw.rowErrors ?? []).map((each) => Number(each.index)),
    updatedSchema: raw.updatedSchema?.fields?.map((field) => field.name ?? ""),
  };
}

/** `StorageError.code` is field 1, a varint. */
function storageCode(detail: Uint8Array | string | null | undefined): number | undefined {
  if (!detail) return undefined;
  const reader = protobuf.Reader.create(Buffer.from(detail as Uint8Array));
  return reader.uint32() === 8 ? reader.uint32() : undefined;
}

/** The descriptor as a type of protobufjs, nested messages inside it. */
function rowType(descriptor: Descriptor): protobuf.Type {
  const type = new protobuf.Type(descriptor.name ?? "root");
  for (const nested of descriptor.nestedType ?? []) type.add(rowType(nested));
  for (const field of descriptor.field ?? []) {
    const rule = Number(field.label) === LABEL_REPEATED ? "repeated" : "optional";
    type.add(new protobuf.Field(field.name ?? "", field.number ?? 0, fieldType(field), rule));
  }
  return type;
}

function fieldType(field: { type?: unknown; typeName?: string | null; name?: string | null }): string {
  const scalar = SCALARS[Number(field.type)];
  if (scalar !== undefined) return scalar;
  if (Number(field.type) === TYPE_MESSAGE) return (field.typeName ?? "").split(".").at(-1) ?? "";
  throw new Error(`no protobuf type ${String(field.type)} for ${field.name ?? "?"}`);
}
