import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import type { KeyPair } from "./issue.ts";

/** What may be there: anything, also nothing. */
export type MaybePair = { readonly [Part in keyof KeyPair]: string | undefined };

/** Something is renewed when this share of its life is left. */
const RENEWAL_SHARE = 1 / 3;

/** The certificate of a PEM text, or `undefined` if it is none. */
export function readCertificate(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** When it ends, in ms since the epoch. */
export function endMsOf(certificate: X509Certificate): number {
  return certificate.validToDate.getTime();
}

/** When it is to be renewed, in ms since the epoch: a third of its life before its end. */
export function renewalMsOf(certificate: X509Certificate): number {
  const endMs = endMsOf(certificate);
  return endMs - (endMs - certificate.validFromDate.getTime()) * RENEWAL_SHARE;
}

/** After a renewal the next one is not at once, however short a life somebody asked for. */
const MIN_DELAY_MS = 500;

/** How long until the renewal of a certificate, in ms. */
export function delayUntilRenewal(pem: string | undefined, nowMs: number): number {
  const certificate = readCertificate(pem);
  return Math.max(MIN_DELAY_MS, certificate === undefined ? 0 : renewalMsOf(certificate) - nowMs);
}

/** Why an authority cannot be used any longer; `undefined`: it is good. */
export function authorityProblem(pair: MaybePair, nowMs: number): string | undefined {
  const certificate = readCertificate(pair.certificate);
  if (certificate === undefined) return "there is no certificate";
  if (!certificate.ca) return "the certificate is none of an authority";
  return pairProblem(certificate, pair.key) ?? ageProblem(certificate, nowMs);
}

/** Why a server certificate cannot be used any longer; `undefined`: it is good. `trusted`: PEM of the authorities. */
export function serverProblem(
  pair: MaybePair,
  names: readonly string[],
  trusted: readonly string[],
  nowMs: number,
): string | undefined {
  const certificate = readCertificate(pair.certificate);
  if (certificate === undefined) return "there is no certificate";
  const authorities = trusted.map(readCertificate).filter((authority) => authority !== undefined);
  if (!authorities.some((authority) => isIssuedBy(certificate, authority))) return "another authority has issued it";
  if (namesOf(certificate).join() !== [...names].sort().join()) return "it is for other names";
  return pairProblem(certificate, pair.key) ?? ageProblem(certificate, nowMs);
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** As Node writes them: `DNS:a, DNS:b`. */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName
    .split(", ")
    .map((name) => name.replace(/^DNS:/, ""))
    .sort();
}

function pairProblem(certificate: X509Certificate, pem: string | undefined): string | undefined {
  const key = readKey(pem);
  if (key === undefined) return "there is no key";
  return certificate.checkPrivateKey(key) ? undefined : "the key belongs to another certificate";
}

function ageProblem(certificate: X509Certificate, nowMs: number): string | undefined {
  return nowMs < renewalMsOf(certificate) ? undefined : "less than a third of its life is left";
}

function readKey(pem: string | undefined): KeyObject | undefined {
  try {
    return pem === undefined ? undefined : createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
