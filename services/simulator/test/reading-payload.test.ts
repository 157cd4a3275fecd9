import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { telemetryTopic, validateReading, type RejectionReason } from "#events";
import { corruptions, type Corruption } from "../corrupt-payload.ts";
import type { VirtualDevice } from "../device.ts";
import { mishapsOf, noMishaps } from "../faults.ts";
import { payloadWithMishaps } from "../reading-payload.ts";
import { deviceAt, devices, faultRules, moments, NOW_MS } from "./fleets.ts";

const topicOf = (device: VirtualDevice): string =>
  telemetryTopic({ tenant: device.tenant, location: device.profile.location, sensorId: device.sensorId });

test("every reading without a fault is valid and says what was asked", () => {
  fc.assert(
    fc.property(devices, moments, fc.uuid(), fc.maxSafeNat(), (device, timeMs, bootId, seq) => {
      const payload = payloadWithMishaps(device, { bootId, seq, timeMs }, noMishaps);
      expect(validateReading(payload, topicOf(device), NOW_MS)).toMatchObject({
        ok: true,
        tenant: "city",
        reading: { boot_id: bootId, seq, event_time: timeMs, location: device.profile.location },
      });
    }),
    { numRuns: 500 },
  );
});

test("the same seed gives the same bytes but for the boot id", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 5000 }), moments, (seed, index, timeMs) => {
      const bytes = (bootId: string): string =>
        payloadWithMishaps(deviceAt("park", index, seed), { bootId, seq: 3, timeMs }, noMishaps).toString();
      expect(bytes("boot-a")).toBe(bytes("boot-b").replace("boot-b", "boot-a"));
    }),
  );
});

const episode = { devices: "100%", every: "1m", duration: "1m" };
const harmless = faultRules(
  { type: "Disconnect", ...episode },
  { type: "Duplicate", readings: "50%" },
  { type: "Late", readings: "50%", delay: "1h" },
  { type: "OutOfOrder", readings: "50%" },
  { type: "StuckValue", field: "temperature_c", ...episode },
  { type: "Drift", field: "humidity_pct", perHour: -1000, devices: "50%", every: "1h", duration: "1h" },
  { type: "Spike", field: "temperature_c", by: 1000, readings: "50%" },
  { type: "Spike", field: "humidity_pct", by: -500, readings: "50%" },
  { type: "ClockSkew", offsetSeconds: 3300, ...episode },
);

test("no fault but a corrupt payload makes a reading that is rejected", () => {
  fc.assert(
    fc.property(devices, moments, (device, timeMs) => {
      const payload = payloadWithMishaps(device, { bootId: "b", seq: 0, timeMs }, mishapsOf(harmless, device, timeMs));
      const judged = validateReading(payload, topicOf(device), NOW_MS);
      expect(judged).toMatchObject({ ok: true, reading: { event_time: timeMs + 3_300_000 } });
    }),
    { numRuns: 500 },
  );
});

describe("every corrupt payload is rejected, for the right reason", () => {
  const reasons: Record<Corruption, RejectionReason> = {
    Truncated: "not_json",
    NotUtf8: "not_utf8",
    NotAnObject: "not_an_object",
    MissingField: "missing_field",
    WrongType: "wrong_type",
    OutOfRange: "bad_value",
    ForeignId: "id_mismatch",
    DuplicateKey: "duplicate_key",
  };

  test.each(corruptions)("%s", (corruption) => {
    fc.assert(
      fc.property(devices, moments, fc.uuid(), fc.nat(), (device, timeMs, bootId, seq) => {
        const payload = payloadWithMishaps(device, { bootId, seq, timeMs }, { ...noMishaps, corruption });
        expect(validateReading(payload, topicOf(device), NOW_MS)).toMatchObject({
          ok: false,
          reason: reasons[corruption],
        });
      }),
    );
  });
});
