import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { authorityOf } from "../credentials/authority.ts";
import { issueCertificate, makeAuthority, type KeyPair } from "../pki/issue.ts";
import { authorityProblem, delayUntilRenewal, renewalMsOf, serverProblem } from "../pki/judge.ts";
import { NOW_MS } from "./fleets.ts";

const DAY_MS = 86_400_000;
const names: [string, ...string[]] = ["mosquitto", "mosquitto.smart-home", "localhost"];

let authority: KeyPair;
let other: KeyPair;
let server: KeyPair;

beforeAll(async () => {
  authority = await makeAuthority({ nowMs: NOW_MS, lifetimeMs: 3650 * DAY_MS });
  other = await makeAuthority({ nowMs: NOW_MS, lifetimeMs: 3650 * DAY_MS });
  server = await issueCertificate(authority, names, { nowMs: NOW_MS, lifetimeMs: 90 * DAY_MS });
});

describe("an authority", () => {
  test("may sign server certificates, and nothing further", () => {
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.keyUsage).toBeUndefined();
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
    expect(new X509Certificate(other.certificate).subject).not.toBe(certificate.subject);
  });

  test.each<[string, () => KeyPair | { certificate: undefined; key: undefined }, number, string | undefined]>([
    ["a new one", () => authority, 0, undefined],
    ["two thirds through, less a day", () => authority, (3650 * 2) / 3 - 1, undefined],
    ["two thirds through", () => authority, (3650 * 2) / 3 + 1, "a third of its life"],
    ["nothing", () => ({ certificate: undefined, key: undefined }), 0, "no certificate"],
    ["nonsense", () => ({ certificate: "x", key: "x" }), 0, "no certificate"],
    ["a server's", () => server, 0, "none of an authority"],
    ["another's key", () => ({ ...authority, key: other.key }), 0, "belongs to another"],
    ["no key", () => ({ ...authority, key: "x" }), 0, "no key"],
  ])("%s", (_name, pair, day, problem) => {
    const found = authorityProblem(pair(), NOW_MS + day * DAY_MS);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  test("the one before is trusted until its end, and no longer", () => {
    const values = { "tls.crt": other.certificate, "tls.key": other.key, "previous.crt": authority.certificate };
    expect(authorityOf(values, NOW_MS).trusted).toEqual([other.certificate, authority.certificate]);
    expect(authorityOf(values, NOW_MS + 3651 * DAY_MS).trusted).toEqual([other.certificate]);
    expect(authorityOf({ ...values, "previous.crt": server.certificate }, NOW_MS).trusted).toHaveLength(1);
  });
});

describe("a server certificate", () => {
  const problem = (
    pair: Partial<KeyPair> = {},
    { of = [...names] as readonly string[], trusted = [authority.certificate], day = 0 } = {},
  ): string | undefined => serverProblem({ ...server, ...pair }, of, trusted, NOW_MS + day * DAY_MS);

  test("is good until a third of its life is left", () => {
    expect(problem()).toBeUndefined();
    expect(problem({}, { day: 59.9 })).toBeUndefined();
    expect(problem({}, { day: 60.1 })).toContain("a third");
    expect(problem({}, { day: 91 })).toContain("a third");
    const dueMs = renewalMsOf(new X509Certificate(server.certificate));
    expect(delayUntilRenewal(server.certificate, NOW_MS)).toBe(dueMs - NOW_MS);
    expect(delayUntilRenewal(server.certificate, dueMs + DAY_MS)).toBeGreaterThan(0);
  });

  test("is for exactly the names, in any order", () => {
    expect(problem({}, { of: [...names].reverse() })).toBeUndefined();
    expect(problem({}, { of: names.slice(1) })).toContain("other names");
    expect(problem({}, { of: [...names, "more"] })).toContain("other names");
  });

  test("is of an authority that is trusted, the present one or the one before", () => {
    expect(problem({}, { trusted: [other.certificate, authority.certificate] })).toBeUndefined();
    expect(problem({}, { trusted: [other.certificate] })).toContain("another authority");
    expect(problem({}, { trusted: [] })).toContain("another authority");
  });

  test("has its key", () => {
    expect(problem({ key: other.key })).toContain("belongs to another");
    expect(problem({ certificate: "x" })).toContain("no certificate");
  });

  test("does not outlive its authority, and is not an authority itself", async () => {
    const short = await makeAuthority({ nowMs: NOW_MS, lifetimeMs: 5 * DAY_MS });
    const { certificate } = await issueCertificate(short, ["a"], { nowMs: NOW_MS, lifetimeMs: 90 * DAY_MS });
    const issued = new X509Certificate(certificate);
    expect(issued.validTo).toBe(new X509Certificate(short.certificate).validTo);
    expect(issued.ca).toBe(false);
    // TLS Web Server Authentication.
    expect(issued.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });
});
