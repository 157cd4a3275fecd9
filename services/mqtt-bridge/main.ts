import { runService } from "#runtime";
import { readConfig } from "./config.ts";
import { startBridge } from "./service.ts";

await runService({ name: "mqtt-bridge", config: readConfig, start: startBridge });
