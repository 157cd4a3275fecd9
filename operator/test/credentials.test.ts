import { describe, expect, test } from "vitest";
import { ConfigError } from "#runtime";
import { accountSecret, missingValues } from "../credentials/random-secrets.ts";
import { admits, passwordFile, passwordLine } from "../credentials/password-file.ts";
import { randomText } from "../credentials/random-text.ts";
import { extraNamesOf, randomSecretsOf } from "../credentials/wanted.ts";
import { readConfig } from "../config.ts";

describe("the password file", () => {
  // Written by mosquitto_passwd of Mosquitto 2.0 for the password "secret".
  const REAL =
    "bob:$7$101$5jSoO+L6b0lbKjOY$iHRsfO3r7GcTELEg8nM/6jGa1Z2KLRAIaAz6ZkEix3FixVCKEI4pbFBbmptvhc+m8VHP/oU73ogn6g33ib4I4w==";

  test("a line is what mosquitto_passwd writes", () => {
    expect(passwordLine("bob", "secret", Buffer.from("5jSoO+L6b0lbKjOY", "base64"))).toBe(REAL);
    expect(admits(REAL, "secret")).toBe(true);
  });

  test.each([
    ["another password", REAL, "Secret"],
    ["another hash", REAL.replace("iHRs", "iHRt"), "secret"],
    ["a shorter hash", REAL.slice(0, -8), "secret"],
    ["another kind", REAL.replace("$7$", "$6$"), "secret"],
    ["another number of rounds", REAL.replace("$101$", "$1$"), "secret"],
    ["no hash", "bob:", "secret"],
    ["a plain password", "bob:secret", "secret"],
  ])("%s is not let in", (_name, line, password) => {
    expect(admits(line, password)).toBe(false);
  });

  const users = new Map([
    ["city", "1"],
    ["_bridge", "2"],
  ]);
  const never = (): boolean => false;

  test("the same users give the same file; a changed one changes one line", () => {
    const file = passwordFile({ users, before: "", stays: never });
    expect(file.split("\n").map((line) => line.split(":")[0])).toEqual(["_bridge", "city", ""]);
    expect(passwordFile({ users, before: file, stays: never })).toBe(file);
    const changed = passwordFile({ users: new Map([...users, ["city", "3"]]), before: file, stays: never });
    expect(changed.split("\n")[0]).toBe(file.split("\n")[0]);
    expect(admits(changed.split("\n")[1] ?? "", "3")).toBe(true);
  });

  test("who is gone goes, or stays with the line that was there", () => {
    const before = passwordFile({ users, before: "", stays: never });
    const rest = new Map([["_bridge", "2"]]);
    expect(passwordFile({ users: rest, before, stays: never })).not.toContain("city:");
    expect(passwordFile({ users: rest, before, stays: (user) => user === "city" })).toBe(before);
  });
});

test("random texts are 22 characters, never begin with a hyphen, and differ", () => {
  const texts = Array.from({ length: 2000 }, () => randomText());
  expect(texts.every((text) => /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(text))).toBe(true);
  expect(new Set(texts).size).toBe(2000);
  const given = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 1)];
  expect(randomText(() => given.shift() ?? Buffer.alloc(16))).toBe(Buffer.alloc(16, 1).toString("base64url"));
});

describe("Secrets of random values", () => {
  const account = accountSecret("bridge");

  test("what is missing, and nothing else", () => {
    expect(account).toMatchObject({ name: "mqtt-user-bridge", fixed: { username: "_bridge" } });
    expect(Object.keys(missingValues(account, {})).sort()).toEqual(["password", "username"]);
    expect(missingValues(account, { username: "_bridge", password: "good" })).toEqual({});
    expect(missingValues(account, { username: "root", password: "good" })).toEqual({ username: "_bridge" });
    expect(Object.keys(missingValues(account, { username: "_bridge", password: "" }))).toEqual(["password"]);
  });

  test("of the configuration", () => {
    const wanted = randomSecretsOf({ MQTT_USERS: ["bridge"], RANDOM_SECRETS: ["a:x", "b:y", "a:z", "a:x"] });
    expect(wanted).toEqual([
      account,
      { name: "a", fixed: {}, random: ["x", "z"] },
      { name: "b", fixed: {}, random: ["y"] },
    ]);
    const names = extraNamesOf({ TLS_EXTRA_NAMES: ["mosquitto:a.example.org", "mosquitto:*.example.org"] });
    expect([...names]).toEqual([["mosquitto", ["a.example.org", "*.example.org"]]]);
  });

  const needed = { NAMESPACE: "x", POD_NAME: "x", SIMULATOR_IMAGE: "x:1", FLEET_MQTT_URL: "mqtt://x", KUBECONFIG: "x" };

  test.each([
    ["a Secret twice", { MQTT_USERS: "a", RANDOM_SECRETS: "mqtt-user-a:password" }, ["mqtt-user-a twice"]],
    ["the authority's name", { RANDOM_SECRETS: "smart-home-ca:tls.crt" }, ["smart-home-ca twice"]],
    ["a fleet's name", { RANDOM_SECRETS: "fleet-city:password" }, ["fleet-city would be a fleet's"]],
    ["a stranger's names", { TLS_SERVICES: "a", TLS_EXTRA_NAMES: "b:c" }, ["names b, which is not in"]],
    ["several at once", { MQTT_USERS: "a,a", TLS_EXTRA_NAMES: "b:c" }, ["mqtt-user-a twice", "names b"]],
    ["no name of a service", { TLS_SERVICES: "My_Service" }, ["TLS_SERVICES"]],
    ["no key", { RANDOM_SECRETS: "a" }, ["RANDOM_SECRETS must be one or more secret:key"]],
    ["a life too short", { CERTIFICATE_LIFETIME: "1s" }, ["CERTIFICATE_LIFETIME"]],
  ])("%s is refused", (_name, environment, mentions) => {
    const read = (): unknown => readConfig({ ...needed, ...environment });
    expect(read).toThrow(ConfigError);
    for (const mention of mentions) expect(read).toThrow(mention);
  });

  test("the same Secret with two keys is one Secret", () => {
    expect(readConfig({ ...needed, RANDOM_SECRETS: "a:x,a:y" }).config.RANDOM_SECRETS).toEqual(["a:x", "a:y"]);
  });
});
