import {
  checkTable,
  ensureDataset,
  ensureTable,
  ensureView,
  rowDescriptor,
  viewDefinitions,
  type BigQueryClients,
  type TableId,
} from "#bigquery";
import { eventColumns, eventsTable, kafkaTopics } from "#events";
import { ConfirmedProducer, kafkaClient, outageOf, type Kafka } from "#kafka";
import { retry, retryPolicy, toError, type RunningService, type ServiceContext, type StopDeadline } from "#runtime";
import { bigQueryTable } from "./big-query-table.ts";
import type { WriterConfig } from "./config.ts";
import { DeadLetters } from "./dead-letters.ts";
import { destinationOf } from "./destination.ts";
import { eventMetrics, stateMetrics, type WriterEvents } from "./metrics.ts";
import { kafkaSourceOf, readingRows, type RowSource } from "./readings.ts";
import type { TableWriter } from "./table-writer.ts";
import { Writer, type WriterOptions } from "./writer.ts";

/** Stands between the writer and the world: so a test can die at a step of its choice, or judge otherwise. */
export interface Between {
  readonly table?: (table: TableWriter) => TableWriter;
  readonly events?: (events: WriterEvents) => WriterEvents;
  readonly rows?: (rows: RowSource) => RowSource;
}

type Context = ServiceContext<WriterConfig>;

/** Neighbours that are still starting are waited for. */
const START_RETRY = retryPolicy({ initialDelayMs: 100, maxDelayMs: 5000 });

/** Builds the writer from its configuration and runs it: the table first, then Kafka. */
export async function startWriter(context: Context, between: Between = {}): Promise<RunningService> {
  const { config, log, clock, registry, fail } = context;
  const { clients, id } = destinationOf(config);
  await waited(context, "bigquery", () => prepareTable(clients, id, context));
  const client = { brokers: config.KAFKA_BROKERS, clientId: config.MEMBER_NAME, log };
  const kafka = kafkaClient(client);
  const clusterId = await waited(context, "kafka", () => clusterWith(kafka, config.KAFKA_TOPIC));
  const kafkaSource = kafkaSourceOf(clusterId, config.KAFKA_TOPIC);
  const { table: aroundTable = same, events: aroundEvents = same, rows: aroundRows = same } = between;
  const events = aroundEvents(eventMetrics(registry, clock));
  const bigQuery = bigQueryTable({
    ...{ clients, id, kafkaSource, clock, log },
    descriptor: rowDescriptor(eventColumns),
    appendTimeoutMs: config.APPEND_TIMEOUT,
    onRetry: (each) => events.onRetry(each),
  });
  const producer = new ConfirmedProducer({ client, topics: [kafkaTopics.deadLetters], clock });
  const writer = new Writer({
    ...limits(config),
    ...{ kafka, clusterId, clock, log, events, onFatal: fail },
    table: aroundTable(bigQuery),
    rowsOf: (partition) => aroundRows(readingRows(kafkaSource, partition)),
    deadLetters: new DeadLetters({
      ...{ producer, kafkaSource, clock },
      onSent: (rejected) => events.onDeadLetters(rejected.map(({ reason }) => reason)),
    }),
  });
  stateMetrics(registry, writer);
  await writer.start();
  return {
    stop: async (deadline: StopDeadline) => {
      await writer.stop(deadline);
      await Promise.all([producer.close(), clients.close()]);
    },
  };
}

function same<T>(given: T): T {
  return given;
}

/** What the configuration says about the writer's own working. */
function limits(
  config: WriterConfig,
): Omit<
  WriterOptions,
  "kafka" | "clusterId" | "clock" | "log" | "events" | "onFatal" | "table" | "rowsOf" | "deadLetters"
> {
  return {
    groupId: config.KAFKA_GROUP,
    topic: config.KAFKA_TOPIC,
    memberName: config.MEMBER_NAME,
    sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT,
    mode: config.WRITE_MODE,
    cutLimits: { maxRows: config.MAX_APPEND_ROWS, maxBytes: config.MAX_APPEND_BYTES },
    maxHeldBytes: config.MAX_HELD_BYTES,
    inFlightLimits: { maxAppends: config.MAX_IN_FLIGHT_APPENDS, maxBytes: config.MAX_IN_FLIGHT_BYTES },
    maxRowsPerSecond: config.MAX_ROWS_PER_SECOND,
    flushIntervalMs: config.FLUSH_INTERVAL,
    commitIntervalMs: config.COMMIT_INTERVAL,
    idleTimeoutMs: config.IDLE_TIMEOUT,
  };
}

/** Makes what is missing if that was asked for, and ends the start if the table is not as it must be. */
async function prepareTable(clients: BigQueryClients, id: TableId, { config, log }: Context): Promise<void> {
  if (config.CREATE_TABLES) {
    const madeDataset = await ensureDataset(clients, id.dataset, config.BIGQUERY_LOCATION);
    const madeTable = await ensureTable(clients, id, eventsTable);
    log.info({ ...id, madeDataset, madeTable }, "dataset and table are there");
  }
  await checkTable(clients, id, eventsTable);
  if (config.CREATE_TABLES) for (const view of viewDefinitions(id)) await ensureView(clients, id.dataset, view);
}

/** The id of the cluster, once it has the topic: whoever makes topics may be slower than this process. */
async function clusterWith(kafka: Kafka, topic: string): Promise<string> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) throw new Error(`Kafka has no topic ${topic} yet`);
    return (await admin.describeCluster()).clusterId;
  } finally {
    await admin.disconnect();
  }
}

/** Tries until it succeeds, the error is final, or the service stops; not ready meanwhile. */
async function waited<T>(context: Context, condition: string, run: () => Promise<T>): Promise<T> {
  const { clock, stopping, log, readiness } = context;
  readiness.notReady(condition, "not reached yet");
  const result = await retry(START_RETRY, run, {
    clock,
    signal: stopping,
    onRetry: ({ error, delayMs }) => {
      readiness.notReady(condition, toError(error).message);
      outageOf(log).warn(log, { err: error, delayMs, condition }, "not reached, trying again");
    },
  });
  readiness.ready(condition);
  return result;
}
