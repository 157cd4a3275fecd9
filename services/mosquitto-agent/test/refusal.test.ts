import { expect, test } from "vitest";
import { mqttErrors } from "#mqtt";
import { BrokerHealth, NEVER_LET_IN_LIMIT_MS, REFUSED_LIMIT_MS } from "../broker-health.ts";
import { refusalOf } from "../broker-refusal.ts";

const refused = (reasonCode: number): Error =>
  mqttErrors.create("MQTT_CONNECTION_FAILED", "refused", { details: { reasonCode } });
const causedBy = (code: unknown): Error =>
  mqttErrors.create("MQTT_CONNECTION_FAILED", "failed", { cause: Object.assign(new Error("of a socket"), { code }) });

test.each([
  ["a bad user name or password", refused(0x86), "login"],
  ["not authorized", refused(0x87), "login"],
  ["server unavailable", refused(0x88), undefined],
  ["quota exceeded", refused(0x97), undefined],
  ["an unknown issuer", causedBy("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "trust"],
  ["an unknown issuer, with its chain", causedBy("SELF_SIGNED_CERT_IN_CHAIN"), "trust"],
  ["an issuer that is not there", causedBy("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"), "trust"],
  ["a self-signed certificate", causedBy("DEPTH_ZERO_SELF_SIGNED_CERT"), "trust"],
  ["an expired certificate", causedBy("CERT_HAS_EXPIRED"), "trust"],
  ["a certificate for another name", causedBy("ERR_TLS_CERT_ALTNAME_INVALID"), "trust"],
  ["a cause of a cause", new Error("outer", { cause: causedBy("CERT_HAS_EXPIRED") }), "trust"],
  ["nobody who listens", causedBy("ECONNREFUSED"), undefined],
  ["a connection that ended", causedBy("ECONNRESET"), undefined],
  ["a broken TLS record", causedBy("ERR_SSL_WRONG_VERSION_NUMBER"), undefined],
  ["no answer in time", new Error("no answer within 1000 ms"), undefined],
  ["a refused subscription", mqttErrors.create("MQTT_SUBSCRIPTION_REFUSED", "no"), undefined],
  ["no error at all", "CERT_HAS_EXPIRED", undefined],
])("%s", (_name, error, refusal) => expect(refusalOf(error)).toBe(refusal));

test.each([
  ["was let in", [new Map()], REFUSED_LIMIT_MS],
  ["was never let in", [], NEVER_LET_IN_LIMIT_MS],
])("an agent that %s is stuck after its limit, not at it", (_name, answers, limitMs) => {
  const health = new BrokerHealth();
  for (const facts of answers) health.answered(facts);
  health.failed(refused(0x87), 1000);
  health.failed(causedBy("CERT_HAS_EXPIRED"), 2000);
  expect([health.isUp, health.refusal]).toEqual([true, "trust"]);
  expect(health.isStuck(1000 + limitMs)).toBe(false);
  expect(health.isStuck(1001 + limitMs)).toBe(true);
});

test.each([
  ["an answer", (health: BrokerHealth) => health.answered(new Map())],
  ["silence", (health: BrokerHealth) => health.failed(new Error("no answer"), 2000)],
])("%s ends the refusal, and the next one has its own time", (_name, interrupt) => {
  const health = new BrokerHealth();
  health.answered(new Map());
  health.failed(refused(0x87), 1000);
  interrupt(health);
  expect(health.refusal).toBeUndefined();
  expect(health.isStuck(1_000_000)).toBe(false);
  health.failed(refused(0x87), 50_000);
  expect(health.isStuck(50_000 + REFUSED_LIMIT_MS)).toBe(false);
  expect(health.isStuck(50_001 + REFUSED_LIMIT_MS)).toBe(true);
});
