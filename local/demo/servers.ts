import { join } from "node:path";
import { kafkaTopics } from "#events";
import { bigQueryLaunch } from "#local/bigquery";
import { ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { freePorts, ServerProcess, startKafka, startMosquitto, type Kafka, type Mosquitto } from "#testkit";
import { BIGQUERY_DATA, DEMO_DIRECTORY } from "./endpoints.ts";

/** The real servers, each on free ports of loopback. */
export interface Servers {
  readonly mosquitto: Mosquitto;
  readonly kafka: Kafka;
  readonly bigQuery: BigQueryServer;
}

export interface BigQueryServer {
  readonly process: ServerProcess;
  readonly restEndpoint: string;
  /** `host:port`. */
  readonly grpcEndpoint: string;
}

/** Starts all three side by side and makes the topics. The first start on a machine fetches Kafka. */
export async function startServers(onProgress: (step: string) => void): Promise<Servers> {
  const [mosquitto, kafka, bigQuery] = await Promise.all([
    startMosquitto({ directory: join(DEMO_DIRECTORY, "mosquitto"), onProgress }),
    startKafka({ directory: join(DEMO_DIRECTORY, "kafka"), onProgress }),
    startBigQuery(onProgress),
  ]);
  await createTopics(kafka);
  return { mosquitto, kafka, bigQuery };
}

/** The sources are gone already: nothing is under way in any of them. */
export async function stopServers({ mosquitto, kafka, bigQuery }: Servers): Promise<void> {
  await Promise.all([mosquitto.server.stop(), kafka.server.stop(), bigQuery.process.stop()]);
}

/** Starts the embedded BigQuery on the demo's data. */
export async function startBigQuery(onProgress: (step: string) => void): Promise<BigQueryServer> {
  const [restPort, grpcPort, opsPort] = (await freePorts(3)) as [number, number, number];
  onProgress(`starting the embedded BigQuery on 127.0.0.1:${restPort}`);
  const launch = bigQueryLaunch(["--data-dir", BIGQUERY_DATA, "--rest-port", restPort, "--grpc-port", grpcPort]);
  const process = await ServerProcess.start({
    ...launch,
    name: "bigquery",
    environment: { ...launch.environment, OPS_PORT: String(opsPort) },
    directory: DEMO_DIRECTORY,
    isTemporary: false,
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
  return { process, restEndpoint: `http://127.0.0.1:${restPort}`, grpcEndpoint: `127.0.0.1:${grpcPort}` };
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
