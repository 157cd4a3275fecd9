import { randomBytes, type webcrypto } from "node:crypto";
import type * as X509 from "@peculiar/x509";

/** A certificate and its private key, both PEM (PKCS #8). */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly nowMs: number;
  readonly lifetimeMs: number;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Valid from a little earlier on, a tenth of its life at most: clocks of other machines may be behind. */
const BACKDATED_MS = 60_000;
const BACKDATED_SHARE = 0.1;

/**
 * Loaded when something is issued, which happens at the first start and then every two months: it takes 20 MiB. What is
 * there is judged without it (`judge.ts`).
 */
async function library(): Promise<typeof X509> {
  // The library wants this one to be there before it.
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** A certificate authority that may sign server certificates, and no further authorities: RFC 5280, section 4.2.1.9. */
export async function makeAuthority(validity: Validity): Promise<KeyPair> {
  const x509 = await library();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const serialNumber = serial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // A name of its own, so that two of them in one bundle are told apart.
    name: `CN=smart-home-bridge CA ${serialNumber.slice(0, 8)}`,
    ...period(validity),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate.toString("pem")), key: await exported(x509, keys.privateKey) };
}

/** A server certificate for the DNS names, the first of which is its subject. Ends with the authority at the latest. */
export async function issueCertificate(
  authority: KeyPair,
  names: readonly [string, ...string[]],
  validity: Validity,
): Promise<KeyPair> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    ALGORITHM,
    false,
    ["sign"],
  );
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { notBefore, notAfter } = period(validity);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [names[0].slice(0, MAX_COMMON_NAME)] }],
    issuer: issuer.subject,
    notBefore,
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(certificate.toString("pem")), key: await exported(x509, keys.privateKey) };
}

/** RFC 5280, appendix A: ub-common-name. */
const MAX_COMMON_NAME = 64;

/** X.509 knows whole seconds. */
function period({ nowMs, lifetimeMs }: Validity): { notBefore: Date; notAfter: Date } {
  const backdatedMs = Math.min(BACKDATED_MS, lifetimeMs * BACKDATED_SHARE);
  return { notBefore: new Date(nowMs - backdatedMs), notAfter: new Date(nowMs + lifetimeMs) };
}

/** 127 random bits: RFC 5280, section 4.1.2.2, wants it to be positive. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

async function exported(x509: typeof X509, key: webcrypto.CryptoKey): Promise<string> {
  return pem(x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY"));
}

function pem(text: string): string {
  return `${text.trim()}\n`;
}
