/** The real pipeline as processes, with every part that shows metrics, and a Prometheus that scrapes them. */
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kafkaTopics } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { bigQueryLaunch } from "#local/bigquery";
import { silentLogger, systemClock } from "#runtime";
import {
  freePort,
  freePorts,
  mosquittoBinary,
  RestartableServer,
  ServerProcess,
  startKafka,
  startMosquitto,
  startPrometheus,
  temporaryDirectory,
  type Prometheus,
} from "#testkit";
import { startBridge, startFleet, startWriter } from "../../../local/demo/programs.ts";
import { AdapterProcess } from "../../../services/lag-adapter/test/adapter-process.ts";
import { newProcessName } from "../../../services/mosquitto-agent/test/world.ts";
import { parts } from "../../names.ts";
import { META, prometheusConfig, scrape } from "../prometheus/scrape-config.ts";
import { ruleFile } from "../rules/rule-file.ts";
import { ruleGroups } from "../rules/rule-groups.ts";
import { portableProfile } from "./profiles.ts";

const AGENT = fileURLToPath(new URL("../../../services/mosquitto-agent/main.ts", import.meta.url));

/** A name that no other test's broker has: those must not get the agent's signals. */
const BROKER_PROCESS = newProcessName();

/** More often than in the cluster, so that windows are full sooner. */
const SCRAPE_SECONDS = 1;

/** Every fault that shows in a metric of its own. */
const FLEET = `name: city
devices: 40
seed: 7
interval: 500ms
jitter: 100ms
faults:
  - { type: Duplicate, readings: 5% }
  - { type: CorruptPayload, readings: 2% }
`;

export interface PipelineWorld extends AsyncDisposable {
  readonly prometheus: Prometheus;
  readonly adapter: AdapterProcess;
  readonly restEndpoint: string;
  readonly grpcEndpoint: string;
}

/** What discovery would say of a process as a pod. */
interface Target {
  readonly part: string;
  /** `http://host:port`. */
  readonly ops: string;
  readonly fleet?: string;
}

export async function startPipelineWorld(): Promise<PipelineWorld> {
  const directory = temporaryDirectory("observability");
  const [mosquitto, kafka, bigQuery] = await Promise.all([
    startMosquitto({ directory: join(directory, "mosquitto"), binary: brokerBinary(directory) }),
    startKafka({ directory: join(directory, "kafka") }),
    startBigQuery(directory),
  ]);
  await createTopics(kafka.address);
  const servers = { directory, mosquitto, kafka, bigQuery };
  const [writer, bridge, adapter, agent] = await Promise.all([
    startWriter(servers),
    startBridge(servers),
    AdapterProcess.start({ KAFKA_BROKERS: kafka.address, POLL_INTERVAL: "1s" }),
    startAgent(directory, mosquitto.url),
  ]);
  const fleetFile = join(directory, "city.yaml");
  writeFileSync(fleetFile, FLEET);
  const fleet = await startFleet(servers, fleetFile);
  const prometheus = await startScraping([
    { part: parts.bigQuery, ops: bigQuery.ops },
    { part: parts.writer, ops: writer.ops },
    { part: parts.bridge, ops: bridge.ops },
    { part: parts.simulator, ops: fleet.ops, fleet: "city" },
    { part: parts.lagAdapter, ops: `http://127.0.0.1:${adapter.opsPort}` },
    { part: parts.mosquitto, ops: agent.ops },
  ]);
  return {
    prometheus,
    adapter,
    restEndpoint: bigQuery.restEndpoint,
    grpcEndpoint: bigQuery.grpcEndpoint,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([fleet, bridge, writer, agent].map(({ process: running }) => running.stop()));
      await Promise.all([prometheus.server[Symbol.asyncDispose](), adapter[Symbol.asyncDispose]()]);
      await Promise.all([mosquitto.server.kill(), kafka.server.kill(), bigQuery.server.kill()]);
    },
  };
}

/** By the cluster's own rules: each process says of itself what a pod would, and its own Prometheus is one more target. */
function startScraping(targets: readonly Target[]): Promise<Prometheus> {
  const files = {
    "prometheus.yml": prometheusConfig("rules.yml", [scrape({ static_configs: targets.map(asPod) })], SCRAPE_SECONDS),
    "rules.yml": ruleFile(ruleGroups(portableProfile)),
  };
  return startPrometheus({ files });
}

function asPod({ part, ops, fleet }: Target): object {
  const { hostname, port, host } = new URL(ops);
  return {
    targets: [host],
    labels: {
      [META.address]: hostname,
      [META.port]: port,
      [META.scrape]: "true",
      [META.phase]: "Running",
      [META.part]: part,
      [META.pod]: `${part}-0`,
      ...(fleet === undefined ? {} : { [META.fleet]: fleet }),
    },
  };
}

async function startBigQuery(
  directory: string,
): Promise<{ server: RestartableServer; ops: string; restEndpoint: string; grpcEndpoint: string }> {
  const [rest, grpc, opsPort] = (await freePorts(3)) as [number, number, number];
  const launch = bigQueryLaunch(["--data-dir", join(directory, "bigquery"), "--rest-port", rest, "--grpc-port", grpc]);
  const ops = `http://127.0.0.1:${opsPort}`;
  const server = await RestartableServer.start({
    ...launch,
    name: "bigquery",
    environment: { ...launch.environment, OPS_PORT: String(opsPort) },
    directory,
    isTemporary: false,
    isReady: async () => (await fetch(`${ops}/readyz`)).ok,
  });
  return { server, ops, restEndpoint: `http://127.0.0.1:${rest}`, grpcEndpoint: `127.0.0.1:${grpc}` };
}

/** The kernel names a process after the path that was called. */
function brokerBinary(directory: string): string {
  const binary = join(directory, BROKER_PROCESS);
  symlinkSync(mosquittoBinary()!, binary);
  return binary;
}

async function startAgent(directory: string, mqttUrl: string): Promise<{ process: ServerProcess; ops: string }> {
  const opsPort = await freePort();
  const ops = `http://127.0.0.1:${opsPort}`;
  const users = join(directory, "users");
  writeFileSync(users, "");
  const process_ = await ServerProcess.start({
    name: "mosquitto-agent",
    command: process.execPath,
    args: [AGENT],
    environment: {
      MQTT_URL: mqttUrl,
      WATCHED_FILES: users,
      BROKER_PROCESS,
      OPS_PORT: String(opsPort),
    },
    directory,
    isTemporary: false,
    isReady: async () => (await fetch(`${ops}/metrics`)).ok,
  });
  return { process: process_, ops };
}

async function createTopics(address: string): Promise<void> {
  const admin = kafkaClient({ brokers: [address], clientId: "observability", log: silentLogger }).admin();
  await admin.connect();
  try {
    await ensureTopics(admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
  } finally {
    await admin.disconnect();
  }
}
