import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceClientId, kafkaTopics, parseRecordKey, parseTelemetryTopic, recordKey, telemetryTopic } from "#events";
import { locations, sensorIds, tenants } from "./arbitrary.ts";

test("topics and keys round-trip", () => {
  fc.assert(
    fc.property(tenants, locations, sensorIds, (tenant, location, sensorId) => {
      expect(parseTelemetryTopic(telemetryTopic({ tenant, location, sensorId }))).toEqual({
        tenant,
        location,
        sensorId,
      });
      expect(parseRecordKey(recordKey({ tenant, sensorId }))).toEqual({ tenant, sensorId });
      const clientId = deviceClientId({ tenant, sensorId });
      expect(clientId.slice(0, clientId.indexOf(":"))).toBe(tenant);
    }),
  );
});

test.each([
  { tenant: "a/b", location: "l", sensorId: "s" },
  { tenant: "a:b", location: "l", sensorId: "s" },
  { tenant: "", location: "l", sensorId: "s" },
  { tenant: "a", location: "#", sensorId: "s" },
  { tenant: "a", location: "l", sensorId: "s".repeat(65) },
])("a name that would not fit a topic is refused: %j", (address) => {
  expect(() => telemetryTopic(address)).toThrow(RangeError);
});

test("topics have the partitions that are fixed for life", () => {
  const counts = Object.values(kafkaTopics).map(({ name, partitions }) => [name, partitions]);
  expect(counts).toEqual([
    ["readings", 12],
    ["windows-5m", 12],
    ["aggregator-state", 12],
    ["dead-letters", 3],
  ]);
});
