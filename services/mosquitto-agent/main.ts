import { asksForHelp, helpText, runService } from "#runtime";
import { agentSchema, readConfig } from "./config.ts";
import { startAgent } from "./service.ts";

const HELP = {
  summary: "Stands beside a Mosquitto: tells it when users or certificates changed, and tells whether it answers.",
  usage:
    "MQTT_URL=mqtts://localhost:8883 WATCHED_FILES=/etc/mosquitto/passwords npx node services/mosquitto-agent/main.ts",
  schema: agentSchema,
};

if (asksForHelp(process.argv)) process.stdout.write(helpText(HELP));
else
  await runService({
    name: "mosquitto-agent",
    config: readConfig,
    start: (context) => Promise.resolve(startAgent(context)),
  });
