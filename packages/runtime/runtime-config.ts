import type { z } from "zod";
import { choice, duration, port, text } from "./config-types.ts";
import { LOG_LEVELS } from "./logger.ts";

/** Variables that every service has; spread them into its schema. */
export const runtimeVariables = {
  LOG_LEVEL: choice(LOG_LEVELS).default("info").describe("Least important level that is logged."),
  OPS_HOST: text().default("127.0.0.1").describe("Address of the server for probes and metrics; `0.0.0.0` in a pod."),
  OPS_PORT: port().default(0).describe("Port of the server for probes and metrics; 0 takes any free one."),
  STOP_GRACE_PERIOD: duration({ min: 100, max: 3_600_000 })
    .default(30_000)
    .describe("Time from SIGTERM to SIGKILL (`terminationGracePeriodSeconds`); the graceful stop gets 75 % of it."),
};

/** What {@link runtimeVariables} become once loaded. Durations are milliseconds. */
export type RuntimeConfig = {
  readonly [Name in keyof typeof runtimeVariables]: z.output<(typeof runtimeVariables)[Name]>;
};
