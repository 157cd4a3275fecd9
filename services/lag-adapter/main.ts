import { asksForHelp, helpText, runService } from "#runtime";
import { lagSchema, readConfig } from "./config.ts";
import { startLagAdapter } from "./service.ts";

const HELP = {
  summary: "Tells how many records consumer groups have not committed yet, for dashboards and the HPA.",
  usage: "KAFKA_BROKERS=localhost:9092 npx node services/lag-adapter/main.ts",
  schema: lagSchema,
};

if (asksForHelp(process.argv)) process.stdout.write(helpText(HELP));
else await runService({ name: "lag-adapter", config: readConfig, start: startLagAdapter });
