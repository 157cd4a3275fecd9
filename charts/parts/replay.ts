import { Construct } from "constructs";
import { AUTHORITY, userSecret } from "../../operator/credentials/names.ts";
import { replaySchema } from "../../services/dead-letter-replay/config.ts";
import { CommandTemplate } from "../command-template.ts";
import { parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import type { Traffic } from "../traffic.ts";
import { CA_DIRECTORY, CA_FILE, kafkaBrokers, mqttUrl } from "./addresses.ts";
import { mqttUsers } from "./mosquitto.ts";

/** Rejected readings go through the front door again, when somebody asks for it. */
export class Replay extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.replay);
    traffic.allow(parts.replay, parts.kafka, ports.kafka);
    traffic.allow(parts.replay, parts.mosquitto, ports.mqtts);
    const login = userSecret(mqttUsers.replay);
    new CommandTemplate(this, {
      profile,
      name: parts.replay,
      program: "services/dead-letter-replay/main.ts",
      schema: replaySchema,
      environment: {
        KAFKA_BROKERS: kafkaBrokers(profile),
        MQTT_URL: mqttUrl(profile),
        MQTT_USERNAME: { secret: login, key: "username" },
        MQTT_PASSWORD: { secret: login, key: "password" },
      },
      platformEnvironment: { NODE_EXTRA_CA_CERTS: CA_FILE },
      mounts: [{ path: CA_DIRECTORY, from: { configMap: AUTHORITY } }],
    });
  }
}
