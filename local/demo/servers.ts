import { join } from "node:path";
import { kafkaTopics } from "#events";
import { bigQueryLaunch } from "#local/bigquery";
import { ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { freePorts, RestartableServer, startKafka, startMosquitto, type Kafka, type Mosquitto } from "#testkit";

/** The real servers, each on free ports of loopback. */
export interface Servers {
  /** Everything they and the programs write. */
  readonly directory: string;
  readonly mosquitto: Mosquitto;
  readonly kafka: Kafka;
  readonly bigQuery: BigQueryServer;
}

export interface BigQueryServer {
  readonly server: RestartableServer;
  readonly restEndpoint: string;
  /** `host:port`. */
  readonly grpcEndpoint: string;
}

/** Starts all three side by side and makes the topics. The first start on a machine fetches Kafka. */
export async function startServers(directory: string, onProgress: (step: string) => void): Promise<Servers> {
  const [mosquitto, kafka, bigQuery] = await Promise.all([
    startMosquitto({ directory: join(directory, "mosquitto"), onProgress }),
    startKafka({ directory: join(directory, "kafka"), onProgress }),
    startBigQuery(directory, onProgress),
  ]);
  await createTopics(kafka);
  return { directory, mosquitto, kafka, bigQuery };
}

/** The sources are gone already: nothing is under way in any of them. */
export async function stopServers({ mosquitto, kafka, bigQuery }: Servers): Promise<void> {
  await Promise.all([mosquitto.server.stop(), kafka.server.stop(), bigQuery.server.stop()]);
}

/** Where the embedded BigQuery keeps its data; it stays after the demo, so that `make sql` can still ask. */
export function bigQueryData(directory: string): string {
  return join(directory, "bigquery");
}

/** Starts the embedded BigQuery on the data in that directory. */
export async function startBigQuery(directory: string, onProgress: (step: string) => void): Promise<BigQueryServer> {
  const [restPort, grpcPort, opsPort] = (await freePorts(3)) as [number, number, number];
  onProgress(`starting the embedded BigQuery on 127.0.0.1:${restPort}`);
  const launch = bigQueryLaunch([
    "--data-dir",
    bigQueryData(directory),
    "--rest-port",
    restPort,
    "--grpc-port",
    grpcPort,
  ]);
  const server = await RestartableServer.start({
    ...launch,
    name: "bigquery",
    environment: { ...launch.environment, OPS_PORT: String(opsPort) },
    directory,
    isTemporary: false,
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
  return { server, restEndpoint: `http://127.0.0.1:${restPort}`, grpcEndpoint: `127.0.0.1:${grpcPort}` };
}

async function createTopics({ address }: Kafka): Promise<void> {
  const admin = kafkaClient({ brokers: [address], clientId: "demo", log: silentLogger }).admin();
  await admin.connect();
  try {
    await ensureTopics(admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
  } finally {
    await admin.disconnect();
  }
}
