import { pino, stdSerializers, type DestinationStream, type Logger as PinoLogger } from "pino";
import type { Clock } from "./clock.ts";

/**
 * Writes one JSON object per line. The message is a constant sentence; what varies goes into fields of fixed names:
 * `log.warn({ topic, partition, err }, "append failed, it will be tried again")`.
 * debug is for the developer, info for the operator's status, warn for what needs a hand soon, error for a duty that
 * is not being met, fatal for the last line of a process.
 */
export type Logger = PinoLogger;

/** The levels a service may be set to. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The names by which Cloud Logging ranks lines: https://cloud.google.com/logging/docs/structured-logging */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

export interface LoggerOptions {
  /** The part that speaks; in every line as `service`. */
  readonly name: string;
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Default: standard output, written at once, so that the last line before an exit is not lost. */
  readonly destination?: DestinationStream;
}

/** The service's logger; parts take a child with their own fields: `log.child({ partition })`. */
export function createLogger({ name, level, clock, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service: name },
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label, severity: SEVERITIES[label] ?? "DEFAULT" }) },
      serializers: { err: stdSerializers.errWithCause },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** Says nothing; for tests and for tools that print for people. */
export const silentLogger: Logger = pino({ level: "silent" });
