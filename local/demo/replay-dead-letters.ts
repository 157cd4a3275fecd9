import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { demoDirectory, environment } from "./config.ts";
import { runningDemo } from "./endpoints.ts";

const MAIN = fileURLToPath(new URL("../../services/dead-letter-replay/main.ts", import.meta.url));

/** `make replay-dead-letters`: on the servers that the environment names, both of them, else on those of the running demo. */
const running = runningDemo(demoDirectory(environment));
const { KAFKA_BROKERS: kafka = "", MQTT_URL: mqtt = "" } = environment;
if ((kafka === "") !== (mqtt === ""))
  refuse("KAFKA_BROKERS and MQTT_URL belong together: set both, or none for the running demo.");
else if (kafka !== "") await replay({});
else if (running === undefined)
  refuse("No demo is running: start one with `make demo`, or set KAFKA_BROKERS and MQTT_URL.");
else await replay({ KAFKA_BROKERS: running.kafka, MQTT_URL: running.mqttUrl });

function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

async function replay(targets: Readonly<Record<string, string>>): Promise<void> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const child = spawn(process.execPath, [MAIN], { env: { ...given, ...targets }, stdio: "inherit" });
  // Ctrl-C reaches the child as well, which ends in order.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
