import { asksForHelp, helpText, runService } from "#runtime";
import { bridgeSchema, readConfig } from "./config.ts";
import { startBridge } from "./service.ts";

const HELP = {
  summary: "Copies every message that devices publish to an MQTT broker into Kafka, and acknowledges it then.",
  usage:
    "MQTT_URL=mqtt://localhost:1883 MQTT_CLIENT_ID=bridge-0 KAFKA_BROKERS=localhost:9092 npx node services/mqtt-bridge/main.ts",
  schema: bridgeSchema,
  notes: [
    "Exit codes: 0 stopped in order; 1 fatal; 2 configuration; 3 Kafka did not confirm in time; 4 second signal.",
  ],
};

if (asksForHelp(process.argv)) process.stdout.write(helpText(HELP));
else await runService({ name: "mqtt-bridge", config: readConfig, start: startBridge });
