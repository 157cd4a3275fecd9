import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { javaVersion, kafkaHome, kafkaJars } from "./kafka-jars.ts";
import { LOCAL_DIRECTORY, temporaryDirectory } from "./local-directory.ts";
import { withLock } from "./lock.ts";
import { freePorts } from "./ports.ts";
import { RestartableServer } from "./restartable.ts";

const run = promisify(execFile);

export interface KafkaOptions {
  /** Where it keeps its data; default: a temporary directory, removed at the end. */
  readonly directory?: string;
  /** Where clients connect; default: a free port. */
  readonly port?: number;
  /** The port it tells clients to use, where a proxy stands before it; default: its own. */
  readonly advertisedPort?: number;
  /** More settings of the broker, https://kafka.apache.org/documentation/#brokerconfigs */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly onProgress?: (step: string) => void;
}

export interface Kafka {
  readonly port: number;
  /** `host:port`, as clients take it. */
  readonly address: string;
  readonly server: RestartableServer;
}

/** Starts a real broker of one node in KRaft mode. The first start on a machine fetches it, see `kafka-jars.ts`. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const classesAtExit = await classArchive(options.onProgress);
  return startBroker(options, [`-XX:SharedArchiveFile=${classesAtExit}`]);
}

async function startBroker(options: KafkaOptions, javaFlags: readonly string[]): Promise<Kafka> {
  const classpath = join(await kafkaJars(options.onProgress), "*");
  const directory = options.directory ?? temporaryDirectory("kafka");
  const [freeClientPort, controllerPort] = (await freePorts(2)) as [number, number];
  const port = options.port ?? freeClientPort;
  await prepare(directory, classpath, properties(directory, port, controllerPort, options));
  options.onProgress?.(`starting Kafka on 127.0.0.1:${port}`);
  const server = await RestartableServer.start({
    name: "kafka",
    command: "java",
    args: [...JAVA_FLAGS, ...javaFlags, ...logFlags(directory), "-cp", classpath, "kafka.Kafka", "server.properties"],
    directory,
    isTemporary: options.directory === undefined,
    isReady: (log) => log.includes("Kafka Server started"),
    // After a kill -9 under load it checks its log first.
    readyTimeoutMs: 90_000,
  });
  return { port, address: `127.0.0.1:${port}`, server };
}

/** A small heap and the compilers that start fast: 8.6 s to ready become 3.5 s, 1.5 s with the class archive. */
const JAVA_FLAGS = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

function logFlags(directory: string): string[] {
  return [`-Dlog4j2.configurationFile=file:${join(directory, "log4j2.properties")}`];
}

/** Writes the settings, and formats the storage unless there is some from an earlier start. */
async function prepare(directory: string, classpath: string, settings: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "log4j2.properties"), LOG4J);
  writeFileSync(join(directory, "server.properties"), settings);
  if (existsSync(join(directory, "data", "meta.properties"))) return;
  const clusterId = randomBytes(16).toString("base64url");
  // An id that began with a dash would be taken for an option.
  const format = ["format", `--cluster-id=${clusterId}`, "-c", "server.properties"];
  const flags = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...logFlags(directory)];
  const formatting = run("java", [...flags, "-cp", classpath, "kafka.tools.StorageTool", ...format], {
    cwd: directory,
  });
  // It must not outlive a process that ends meanwhile, because another server did not start.
  const kill = (): void => void formatting.child.kill("SIGKILL");
  process.once("exit", kill);
  await formatting.finally(() => process.off("exit", kill));
}

/** To the console at INFO: the line that says that it is ready is one of these. */
const LOG4J = `
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c)%n
`;

function properties(directory: string, port: number, controllerPort: number, options: KafkaOptions): string {
  const settings: Record<string, string | number> = {
    "node.id": 1,
    "process.roles": "broker,controller",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${options.advertisedPort ?? port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(directory, "data"),
    ...ONE_NODE,
    ...options.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** One replica of everything, few partitions for its own topics, no waiting for members that might still come. */
const ONE_NODE = {
  "offsets.topic.replication.factor": 1,
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.replication.factor": 1,
  "transaction.state.log.min.isr": 1,
  "transaction.state.log.num.partitions": 1,
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 1,
  // After a kill -9 the node may register again only when its former session is over; by default that takes 9 s.
  "broker.session.timeout.ms": 3000,
  "broker.heartbeat.interval.ms": 500,
  "group.initial.rebalance.delay.ms": 0,
  "group.min.session.timeout.ms": 1000,
  "auto.create.topics.enable": "false",
  "log.cleaner.dedupe.buffer.size": 2_097_152,
};

/** The archive of loaded classes for this Java and this Kafka, made once by a start and a clean stop. */
async function classArchive(onProgress?: (step: string) => void): Promise<string> {
  const archive = join(kafkaHome(), `classes-java-${await javaVersion()}.jsa`);
  if (existsSync(archive)) return archive;
  await kafkaJars(onProgress);
  await withLock(join(LOCAL_DIRECTORY, "kafka", "archive.lock"), async () => {
    if (existsSync(archive)) return;
    onProgress?.("preparing Kafka for fast starts (once)");
    const unfinished = `${archive}.unfinished`;
    const { server } = await startBroker({}, [`-XX:ArchiveClassesAtExit=${unfinished}`]);
    await server.stop(60_000);
    await server[Symbol.asyncDispose]();
    renameSync(unfinished, archive);
  });
  return archive;
}
