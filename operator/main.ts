import { configTable, runService } from "#runtime";
import { operatorSchema, readConfig } from "./config.ts";
import { startOperator } from "./service.ts";

const HELP = `Runs the fleets that SensorFleet objects ask for, until SIGTERM.

  NAMESPACE=smart-home POD_NAME=me SIMULATOR_IMAGE=… FLEET_MQTT_URL=mqtt://… KUBECONFIG=… npx node operator/main.ts

Everything is set by environment variables:

${configTable(operatorSchema)}
Pages: /healthz, /readyz, /metrics. Exit codes: 0 stopped as asked; 1 fatal, or the lease was lost; 2 configuration;
3 the stop took too long; 4 second signal.
`;

if (process.argv.includes("--help")) process.stdout.write(HELP);
else await runService({ name: "operator", config: readConfig, start: startOperator });
