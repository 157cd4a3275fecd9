import { setFlagsFromString } from "node:v8";
import { asksForHelp, helpText, runService } from "#runtime";
import { readConfig, simulatorSchema } from "./config.ts";
import { startSimulator } from "./service.ts";

// What a device keeps from one reading to the next grows old in the heap and is garbage then. Of the heap two fifths may
// be that before V8 looks for it, instead of more than as much again: 100 MiB less at 2,000 devices.
setFlagsFromString("--heap-growing-percent=40");

const HELP = {
  summary: "Runs a fleet of virtual devices against an MQTT broker until SIGTERM.",
  usage: "FLEET_FILE=fleets/city.yaml MQTT_URL=mqtt://localhost:1883 npx node services/simulator/main.ts",
  schema: simulatorSchema,
  notes: [
    "Pages: /healthz, /readyz, /metrics, /ledger.",
    "Exit codes: 0 every reading is acknowledged; 1 fatal; 2 configuration; 3 stopped before every reading was acknowledged; 4 second signal.",
  ],
};

if (asksForHelp(process.argv)) process.stdout.write(helpText(HELP));
else await runService({ name: "simulator", config: readConfig, start: startSimulator });
