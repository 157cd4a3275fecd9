"""Uses the embedded BigQuery through Google's Python clients, and prints what they saw as one JSON object.

Usage: judge.py REST_URL GRPC_ADDRESS PROJECT
"""

import datetime
import json
import sys

import grpc
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types, writer
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DATASET = "judged"
TABLE = "readings"
FIELD = descriptor_pb2.FieldDescriptorProto


def row_class():
    """A proto2 message made at run time, as a program with a compiled .proto would have it."""
    file = descriptor_pb2.FileDescriptorProto(name="reading.proto", package="judge", syntax="proto2")
    message = file.message_type.add(name="Reading")
    columns = [("sensor_id", FIELD.TYPE_STRING), ("seq", FIELD.TYPE_INT64), ("measured_at", FIELD.TYPE_INT64), ("value", FIELD.TYPE_DOUBLE)]
    for number, (name, kind) in enumerate(columns, start=1):
        message.field.add(name=name, number=number, type=kind, label=FIELD.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("judge.Reading"))


class Stream:
    """One write stream, one append at a time."""

    def __init__(self, client, name, message_class):
        descriptor = descriptor_pb2.DescriptorProto()
        message_class.DESCRIPTOR.CopyToProto(descriptor)
        template = types.AppendRowsRequest(
            write_stream=name,
            proto_rows=types.AppendRowsRequest.ProtoData(writer_schema=types.ProtoSchema(proto_descriptor=descriptor)),
        )
        self.rows = writer.AppendRowsStream(client, template)

    def append(self, messages, offset):
        """The offset of the first row, or the name of the error's class."""
        request = types.AppendRowsRequest(offset=offset)
        request.proto_rows = types.AppendRowsRequest.ProtoData(
            rows=types.ProtoRows(serialized_rows=[message.SerializeToString() for message in messages])
        )
        try:
            return int(self.rows.send(request).result(timeout=20).append_result.offset)
        except Exception as error:  # the report names whatever the client raised
            return type(error).__name__


def make_table(client, project):
    client.create_dataset(DATASET)
    schema = [
        bigquery.SchemaField("sensor_id", "STRING", mode="REQUIRED", description="who measured"),
        bigquery.SchemaField("seq", "INTEGER", mode="REQUIRED"),
        bigquery.SchemaField("measured_at", "TIMESTAMP"),
        bigquery.SchemaField("value", "FLOAT"),
    ]
    table = bigquery.Table(f"{project}.{DATASET}.{TABLE}", schema=schema)
    table.time_partitioning = bigquery.TimePartitioning(field="measured_at")
    table.clustering_fields = ["sensor_id"]
    client.create_table(table)
    return client.get_table(table.reference)


def write(grpc_address, project):
    client = BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=grpc.insecure_channel(grpc_address)))
    parent = client.table_path(project, DATASET, TABLE)
    stream = client.create_write_stream(parent=parent, write_stream=types.WriteStream(type_=types.WriteStream.Type.COMMITTED))
    reading = row_class()
    at = int(datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc).timestamp() * 1_000_000) + 123_456
    rows = [reading(sensor_id="s1", seq=seq, measured_at=at + seq, value=seq / 4) for seq in range(5)]
    appends = Stream(client, stream.name, reading)
    outcome = {
        "first": appends.append(rows[:2], 0),
        "second": appends.append(rows[2:], 2),
        "again": Stream(client, stream.name, reading).append(rows[:2], 0),
        "gap": Stream(client, stream.name, reading).append(rows[:1], 9),
        "bad row": Stream(client, stream.name, reading).append([reading(seq=1)], 5),
    }
    outcome["finalized"] = client.finalize_write_stream(name=stream.name).row_count
    outcome["late"] = Stream(client, stream.name, reading).append(rows[:1], 5)
    return outcome


def query(client):
    parameters = [
        bigquery.ScalarQueryParameter("low", "INT64", 1),
        bigquery.ScalarQueryParameter("since", "TIMESTAMP", datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)),
        bigquery.ArrayQueryParameter("sensors", "STRING", ["s1", "s2"]),
    ]
    sql = f"""SELECT sensor_id, seq, measured_at, value FROM {DATASET}.{TABLE}
              WHERE seq >= @low AND measured_at >= @since AND sensor_id IN UNNEST(@sensors) ORDER BY seq"""
    rows = client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(query_parameters=parameters))
    return [[row.sensor_id, row.seq, row.measured_at.isoformat(), row.value] for row in rows]


def insert(client, table):
    errors = client.insert_rows_json(table, [{"sensor_id": "s2", "seq": 1}, {"seq": 2}])
    return [error["index"] for error in errors]


def main(rest_url, grpc_address, project):
    client = bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=ClientOptions(api_endpoint=rest_url))
    table = make_table(client, project)
    report = {
        "schema": [[field.name, field.field_type, field.mode, field.description] for field in table.schema],
        "partitioning": [table.time_partitioning.type_, table.time_partitioning.field],
        "clustering": table.clustering_fields,
        "write": write(grpc_address, project),
        "query": query(client),
        "insert errors": insert(client, table),
        "pages": sum(1 for _ in client.list_rows(table, page_size=2).pages),
    }
    try:
        client.query_and_wait("SELECT nothing FROM nowhere.at_all")
    except Exception as error:  # the report names whatever the client raised
        report["unknown table"] = type(error).__name__
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
