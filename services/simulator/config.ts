import { z } from "zod";
import { type Fleet, MAX_DEVICES } from "#fleets";
import {
  ConfigError,
  duration,
  integer,
  loadConfig,
  runtimeVariables,
  secret,
  text,
  together,
  url,
  type Environment,
  type LoadedConfig,
} from "#runtime";
import { readFleetFile, readFleetText, readSource } from "./fleet-file.ts";
import type { DeviceRange, ReadingSource } from "./reading-source.ts";

/** Every variable of the simulator; the table in README.md is made from it. Durations are milliseconds. */
export const simulatorSchema = z
  .object({
    FLEET_FILE: text().describe("The fleet, a YAML file as described below."),
    MQTT_URL: url(["mqtt:", "mqtts:"]).describe("The broker. A CA of one's own goes into `NODE_EXTRA_CA_CERTS`."),
    MQTT_USERNAME: text()
      .optional()
      .describe("With `MQTT_PASSWORD` or not at all; the fleet's name, where rules confine tenants."),
    MQTT_PASSWORD: secret().optional().describe("With `MQTT_USERNAME` or not at all."),
    MQTT_KEEPALIVE: duration({ min: 1000, max: 65_535_000 })
      .default(60_000)
      .describe("Whole seconds. A silent network is noticed after one and a half of it."),
    MQTT_SESSION_EXPIRY: duration({ min: 0, max: 0xffff_ffff * 1000 })
      .default(3_600_000)
      .describe("Whole seconds that the broker keeps the session of a device that is away."),
    FIRST_DEVICE: integer({ min: 0, max: MAX_DEVICES })
      .default(0)
      .describe("Index of this process's first device, from 0: a large fleet is divided among processes."),
    DEVICE_COUNT: integer({ min: 0, max: MAX_DEVICES })
      .optional()
      .describe("Devices of this process; none given: all from `FIRST_DEVICE` on."),
    PART_INDEX: integer({ min: 0, max: MAX_DEVICES })
      .optional()
      .describe("Instead of `FIRST_DEVICE`: this process is that part of the fleet, from 0; may be empty."),
    PART_DEVICES: integer({ min: 1, max: MAX_DEVICES })
      .optional()
      .describe("With `PART_INDEX`: devices of a part, whatever the size of the fleet."),
    FLEET_RELOAD_INTERVAL: duration({ min: 100, max: 3_600_000 })
      .optional()
      .describe("So often is looked whether the fleet file was changed, to follow it; none given: never."),
    MAX_WAITING: integer({ min: 1, max: 10_000_000 })
      .default(100_000)
      .describe(
        "Most readings that wait for their PUBACK, of all devices together; further ones are not made. About 1 KB of memory each.",
      ),
    LEDGER_FILE: text()
      .optional()
      .describe("Where the ledger is written at the stop, as JSON; `GET /ledger` has the same."),
    ...runtimeVariables,
  })
  .refine(...together("MQTT_USERNAME", "MQTT_PASSWORD"))
  .refine(...together("PART_INDEX", "PART_DEVICES"))
  .refine(
    (config) => config.PART_INDEX === undefined || (config.FIRST_DEVICE === 0 && config.DEVICE_COUNT === undefined),
    {
      message: "PART_INDEX stands instead of FIRST_DEVICE and DEVICE_COUNT, not beside them",
    },
  )
  .refine((config) => config.MQTT_KEEPALIVE % 1000 === 0 && config.MQTT_SESSION_EXPIRY % 1000 === 0, {
    message: "MQTT_KEEPALIVE and MQTT_SESSION_EXPIRY must be whole seconds: MQTT knows no fractions",
  });

/** The variables, and what stands in the files that they name. */
export type SimulatorConfig = z.output<typeof simulatorSchema> & {
  readonly fleet: Fleet;
  readonly source: ReadingSource;
  readonly range: DeviceRange;
  /** What stood in the fleet file. */
  readonly fleetText: string;
};

/** @throws ConfigError with every problem of the variables, or else of the fleet file. */
export function readConfig(environment: Environment = process.env): LoadedConfig<SimulatorConfig> {
  const { config, warnings } = loadConfig(simulatorSchema, environment, {
    prefixes: ["MQTT_", "FLEET_", "LEDGER_", "DEVICE_", "FIRST_", "PART_", "MAX_"],
  });
  const fleetText = readFleetText(config.FLEET_FILE);
  const fleet = readFleetFile(config.FLEET_FILE, fleetText);
  const source = readSource(config.FLEET_FILE, fleet);
  return { config: { ...config, fleet, source, range: rangeOf(config, fleet), fleetText }, warnings };
}

type RangeConfig = Pick<
  z.output<typeof simulatorSchema>,
  "FIRST_DEVICE" | "DEVICE_COUNT" | "PART_INDEX" | "PART_DEVICES"
>;

/**
 * Which of the fleet's devices are this process's.
 *
 * @throws ConfigError if the fleet has not got them.
 */
export function rangeOf(config: RangeConfig, fleet: Pick<Fleet, "devices">): DeviceRange {
  const { FIRST_DEVICE: from, DEVICE_COUNT: count, PART_INDEX: part, PART_DEVICES: size = 0 } = config;
  if (part !== undefined)
    return { from: part * size, to: Math.max(part * size, Math.min((part + 1) * size, fleet.devices)) };
  const to = count === undefined ? fleet.devices : from + count;
  if (from <= to && to <= fleet.devices) return { from, to };
  throw new ConfigError([
    `FIRST_DEVICE and DEVICE_COUNT must lie within the fleet of ${fleet.devices} devices; given: ${from}${count === undefined ? "" : ` and ${count}`}`,
  ]);
}
