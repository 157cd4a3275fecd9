export { systemClock, type Clock, type Timer } from "./clock.ts";
export { ManualClock } from "./manual-clock.ts";
export {
  AppError,
  errorList,
  isRetryable,
  toError,
  type ErrorKind,
  type ErrorList,
  type ErrorDetails,
} from "./errors.ts";
export { retry, retryDelayMs, retryPolicy, type RetryEvent, type RetryOptions, type RetryPolicy } from "./retry.ts";
export { createLogger, silentLogger, LOG_LEVELS, type Logger, type LogLevel, type LoggerOptions } from "./logger.ts";
export { flagName, readArguments, type Flag, type Flags, type ReadArguments } from "./command-line.ts";
export { ConfigError, loadConfig, type Environment, type LoadedConfig, type LoadOptions } from "./config.ts";
export { configTable, describeVariables, type Variable } from "./config-table.ts";
export { runCommand, type CommandDefinition } from "./command.ts";
export { asksForHelp, helpText, type Help } from "./help.ts";
export {
  addresses,
  boolean,
  bytes,
  choice,
  duration,
  integer,
  list,
  parsed,
  port,
  secret,
  text,
  url,
  type Range,
  type VariableType,
} from "./config-types.ts";
export { runtimeVariables, type RuntimeConfig } from "./runtime-config.ts";
export { Readiness } from "./readiness.ts";
export { startOpsServer, type OpsServer, type OpsServerOptions } from "./http.ts";
export { listenError, StartError, type ListenSettings } from "./start-error.ts";
export { scrapedMetrics, type ScrapedMetric } from "./scraped-metrics.ts";
export { StopDeadline } from "./stop-deadline.ts";
export {
  EXIT_CODES,
  GRACEFUL_SHARE,
  runService,
  type RunningService,
  type ServiceContext,
  type ServiceDefinition,
} from "./lifecycle.ts";
export { together } from "./together.ts";
