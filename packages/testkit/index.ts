export { eventually, type EventuallyOptions } from "./eventually.ts";
export { median, type Figure } from "./figure.ts";
export { startKafka, type Kafka, type KafkaOptions } from "./kafka.ts";
export { javaVersion, kafkaJars, kafkaVersion } from "./kafka-jars.ts";
export { LOCAL_DIRECTORY, temporaryDirectory } from "./local-directory.ts";
export { takeLock, withLock } from "./lock.ts";
export {
  mosquittoBinary,
  mosquittoPasswordLine,
  mosquittoVersion,
  startMosquitto,
  type Mosquitto,
  type MosquittoOptions,
} from "./mosquitto.ts";
export { freePort, freePorts, portOf } from "./ports.ts";
export {
  prometheusBinary,
  startPrometheus,
  type Prometheus,
  type PrometheusOptions,
  type Sample,
} from "./prometheus.ts";
export { ServerProcess, stopServerProcesses, type Exit, type ServerCommand } from "./process.ts";
export { RestartableServer } from "./restartable.ts";
export { TcpProxy, type ChunkObserver, type Direction } from "./tcp-proxy.ts";
