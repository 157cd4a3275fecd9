import { z } from "zod";
import { rejectionReasons, type RejectionReason } from "#events";
import {
  addresses,
  boolean,
  duration,
  list,
  loadConfig,
  runtimeVariables,
  secret,
  text,
  together,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";

const { LOG_LEVEL } = runtimeVariables;
const CODES = Object.keys(rejectionReasons);

/** Every variable of the replay; the table in README.md is made from it. Durations are milliseconds. */
export const replaySchema = z
  .object({
    KAFKA_BROKERS: addresses().describe("Some of the brokers, `host:port`; the others are learnt from them."),
    MQTT_URL: url(["mqtt:", "mqtts:"]).describe("The broker. A CA of one's own goes into `NODE_EXTRA_CA_CERTS`."),
    MQTT_USERNAME: text()
      .optional()
      .describe("Must be allowed to write to every tenant's topics. With `MQTT_PASSWORD`."),
    MQTT_PASSWORD: secret().optional().describe("With `MQTT_USERNAME` or not at all."),
    REASON: list(`of ${CODES.join(", ")}`, new RegExp(`^(${CODES.join("|")})$`))
      .optional()
      .describe("Only letters with these reason codes, separated by commas; none given: all."),
    TENANT: text().optional().describe("Only letters of this tenant."),
    SINCE: duration({ max: Infinity })
      .optional()
      .describe("Only letters that were received in this time before now, such as `2h`."),
    DRY_RUN: boolean().default(false).describe("Count what would be sent, and send nothing."),
    LOG_LEVEL,
  })
  .refine(...together("MQTT_USERNAME", "MQTT_PASSWORD"));

export type ReplayConfig = Omit<z.output<typeof replaySchema>, "REASON"> & {
  readonly REASON?: readonly RejectionReason[] | undefined;
};

/** @throws ConfigError with every problem. */
export function readConfig(
  environment: Environment = process.env,
  args: readonly string[] = [],
): LoadedConfig<ReplayConfig> {
  const { config, warnings } = loadConfig(replaySchema, environment, { prefixes: ["MQTT_", "KAFKA_"], args });
  return { config: config as ReplayConfig, warnings };
}

/** What `--help` prints. */
export const HELP = {
  summary: "Sends rejected readings again, as their devices sent them, after the cause was mended.",
  usage: "KAFKA_BROKERS=localhost:9092 MQTT_URL=mqtt://localhost:1883 npx node services/dead-letter-replay/main.ts",
  schema: replaySchema,
  notes: ["Exit codes: 0 everything chosen was delivered; 1 stopped before the end; 2 configuration."],
};
