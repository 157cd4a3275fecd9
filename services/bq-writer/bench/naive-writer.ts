/**
 * What one writes first: consume, parse, insertAll with the client library, let Kafka's client commit. At least once and
 * no more: what was inserted and not committed is inserted again. Only here to be compared with.
 */
import { Counter } from "prom-client";
import { bigQueryClients, ensureDataset, ensureTable } from "#bigquery";
import { bigQueryNames, eventsTable, kafkaTopics, parseRecordKey, type Reading } from "#events";
import { kafkaClient, type ConsumedRecord } from "#kafka";
import { runService } from "#runtime";
import { readCommandLine } from "../config.ts";

/** The documentation's advice for insertAll: at most 500 rows a request. */
const MAX_ROWS = 500;

function row({ key, value, offset, timestamp }: ConsumedRecord, partition: number): object {
  const reading = JSON.parse(value?.toString() ?? "{}") as Reading;
  return {
    ...reading,
    event_time: reading.event_time / 1000,
    status: reading.status ?? "ok",
    tenant: parseRecordKey(key?.toString() ?? "")?.tenant,
    kafka_source: `naive/${kafkaTopics.readings.name}`,
    kafka_partition: partition,
    kafka_offset: Number(offset),
    ingest_time: Number(timestamp) / 1000,
  };
}

const command = readCommandLine([]);
if (command.kind === "run")
  await runService({
    name: "naive-writer",
    config: () => command.load(),
    start: async ({ config, log, registry }) => {
      const stored = new Counter({ name: "writer_rows_stored_total", help: "Rows inserted.", registers: [registry] });
      const [project, dataset, table] = [config.BIGQUERY_PROJECT, config.BIGQUERY_DATASET, bigQueryNames.events];
      const clients = bigQueryClients({
        project,
        restEndpoint: config.BIGQUERY_REST_ENDPOINT,
        grpcEndpoint: config.BIGQUERY_GRPC_ENDPOINT,
      });
      await ensureDataset(clients, dataset);
      await ensureTable(clients, { project, dataset, table }, eventsTable);
      const target = clients.rest.dataset(dataset).table(table);
      const kafka = kafkaClient({ brokers: config.KAFKA_BROKERS, clientId: "naive", log });
      const consumer = kafka.consumer({ groupId: config.KAFKA_GROUP });
      await consumer.connect();
      await consumer.subscribe({ topic: kafkaTopics.readings.name, fromBeginning: true });
      await consumer.run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async (payload) => {
          const { batch } = payload;
          for (let from = 0; from < batch.messages.length; from += MAX_ROWS) {
            const messages = batch.messages.slice(from, from + MAX_ROWS);
            await target.insert(messages.map((message) => row(message, batch.partition)));
            stored.inc(messages.length);
            payload.resolveOffset(messages.at(-1)?.offset ?? batch.lastOffset());
            await payload.heartbeat();
          }
        },
      });
      return { stop: () => consumer.disconnect() };
    },
  });
