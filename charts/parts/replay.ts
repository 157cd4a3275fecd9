import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { AUTHORITY, userSecret } from "../../operator/credentials/names.ts";
import { replaySchema } from "../../services/dead-letter-replay/config.ts";
import { commandPod } from "../command-pod.ts";
import { labelsOf, parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import type { Traffic } from "../traffic.ts";
import { CA_DIRECTORY, CA_FILE, kafkaBrokers, mqttUrl } from "./addresses.ts";
import { mqttUsers } from "./mosquitto.ts";

const DAY_SECONDS = 86_400;

/**
 * Rejected readings go through the front door again, when somebody asks for it:
 * `kubectl create job replay --from=cronjob/dead-letter-replay`. A CronJob that is suspended for ever, because it is the one
 * template of a Job that kubectl can start.
 */
export class Replay extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.replay);
    traffic.allow(parts.replay, parts.kafka, ports.kafka);
    traffic.allow(parts.replay, parts.mosquitto, ports.mqtts);
    const login = userSecret(mqttUsers.replay);
    const template = commandPod({
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
    new k8s.KubeCronJob(this, "cron-job", {
      metadata: { name: parts.replay, labels: labelsOf(parts.replay) },
      spec: {
        schedule: "0 0 1 1 *",
        suspend: true,
        concurrencyPolicy: "Forbid",
        jobTemplate: { spec: { backoffLimit: 2, ttlSecondsAfterFinished: DAY_SECONDS, template } },
      },
    });
  }
}
