import kafkajs from "kafkajs";

/** The values of kafkajs, a CommonJS module: Node finds only some of them as named exports. Types are imported directly. */
export const { AssignerProtocol, ConfigResourceTypes, ConfigSource, Kafka, logLevel } = kafkajs;
