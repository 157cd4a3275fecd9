import { expect, test } from "vitest";
import { deadLetter, MAX_DEAD_LETTER_PAYLOAD_BYTES } from "#events";
import { select, type Criteria } from "../selection.ts";

const TOPIC = "sensors/city/park/s-1/telemetry";
const letterOf = (topic: string, payload = Buffer.from("x")) =>
  deadLetter(
    { reason: "not_json", detail: "" },
    { part: "mqtt-bridge", mqtt_topic: topic },
    payload,
    1000,
    () => "hash",
  );
const cut = Buffer.alloc(MAX_DEAD_LETTER_PAYLOAD_BYTES + 1);

test.each<[string, string, Criteria, string]>([
  ["everything", TOPIC, {}, "send"],
  ["its reason", TOPIC, { reasons: ["too_deep", "not_json"] }, "send"],
  ["another reason", TOPIC, { reasons: ["too_deep"] }, "other"],
  ["its tenant", TOPIC, { tenant: "city" }, "send"],
  ["another tenant", TOPIC, { tenant: "house" }, "other"],
  ["since its own moment", TOPIC, { receivedSinceMs: 1000 }, "send"],
  ["since the moment after", TOPIC, { receivedSinceMs: 1001 }, "other"],
  ["a topic that no device has", "sensors/city", {}, "noTopic"],
  ["such a topic, by tenant: it has none", "sensors/city", { tenant: "city" }, "other"],
])("%s", (_case, topic, criteria, kind) => {
  expect(select(letterOf(topic), criteria)).toMatchObject({ kind });
});

test("a payload that was cut is not sent as if it were whole", () => {
  expect(select(letterOf(TOPIC, cut), {})).toEqual({ kind: "cut" });
});

test("what is sent is what came", () => {
  const payload = Buffer.from([0, 255, 10]);
  expect(select(letterOf(TOPIC, payload), {})).toEqual({ kind: "send", topic: TOPIC, payload });
});
