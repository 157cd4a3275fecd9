import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { demoDirectory, environment } from "./config.ts";
import { runningDemo } from "./endpoints.ts";

const MAIN = fileURLToPath(new URL("../../services/dead-letter-replay/main.ts", import.meta.url));

/** `make replay-dead-letters`: on the servers that the environment names, else on those of the running demo. */
const running = runningDemo(demoDirectory(environment));
if (environment["KAFKA_BROKERS"] === undefined && running === undefined) {
  process.stderr.write("No demo is running: start one with `make demo`, or set KAFKA_BROKERS and MQTT_URL.\n");
  process.exitCode = 1;
} else {
  const given = Object.entries(environment).filter(([, value]) => value !== "");
  const ofDemo = running && { KAFKA_BROKERS: running.kafka, MQTT_URL: running.mqttUrl };
  const env = { ...ofDemo, ...Object.fromEntries(given) };
  const child = spawn(process.execPath, [MAIN], { env, stdio: "inherit" });
  // Ctrl-C reaches the child as well, which ends in order.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
