import { Construct } from "constructs";
import { AUTHORITY, userSecret } from "../../operator/credentials/names.ts";
import { bridgeSchema } from "../../services/mqtt-bridge/config.ts";
import { parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import { StreamingService } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { CA_DIRECTORY, CA_FILE, kafkaBrokers, mqttUrl } from "./addresses.ts";
import { mqttUsers } from "./mosquitto.ts";

/**
 * MQTT to Kafka. One replica keeps the order per sensor; a StatefulSet, because its name names the session in the broker,
 * which holds the messages while it is away.
 */
export class Bridge extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, "bridge");
    traffic.allow(parts.bridge, parts.kafka, ports.kafka);
    const login = userSecret(mqttUsers.bridge);
    new StreamingService(this, {
      profile,
      name: parts.bridge,
      program: "services/mqtt-bridge/main.ts",
      workload: "StatefulSet",
      replicas: 1,
      schema: bridgeSchema,
      environment: {
        MQTT_URL: mqttUrl(profile),
        MQTT_CLIENT_ID: { field: "metadata.name" },
        MQTT_USERNAME: { secret: login, key: "username" },
        MQTT_PASSWORD: { secret: login, key: "password" },
        KAFKA_BROKERS: kafkaBrokers(profile),
      },
      platformEnvironment: { NODE_EXTRA_CA_CERTS: CA_FILE },
      resources: { cpu: "100m", memory: "224Mi", memoryLimit: "512Mi" },
      mounts: [{ path: CA_DIRECTORY, from: { configMap: AUTHORITY } }],
    });
  }
}
