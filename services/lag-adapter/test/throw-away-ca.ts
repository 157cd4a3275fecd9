/** Certificates for tests and benches, gone with the process. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
let serial = 0;

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export interface Ask {
  readonly commonName: string;
  readonly usage?: "client" | "server";
  /** From now on; negative: it has ended. */
  readonly validMs?: number;
}

/** A certificate authority that signs what it is asked for. */
export class ThrowAwayCa {
  readonly pem: string;
  readonly key: string;
  readonly #certificate: X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair, key: string) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.pem = certificate.toString("pem");
    this.key = key;
  }

  /** Signed by itself, or by `issuer`. */
  static async create(commonName = "throw-away", issuer?: ThrowAwayCa): Promise<ThrowAwayCa> {
    const keys = await generate();
    const certificate = await X509CertificateGenerator.create({
      ...fields(commonName, 2 * DAY_MS),
      issuer: issuer === undefined ? `CN=${commonName}` : issuer.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new ThrowAwayCa(certificate, keys, await pemOf(keys));
  }

  async issue({ commonName, usage = "client", validMs = DAY_MS }: Ask): Promise<Pem> {
    const keys = await generate();
    const extensions: Extension[] = [new ExtendedKeyUsageExtension([ExtendedKeyUsage[`${usage}Auth`]])];
    if (usage === "server")
      extensions.push(
        new SubjectAlternativeNameExtension([
          { type: "dns", value: commonName },
          { type: "ip", value: "127.0.0.1" },
        ]),
      );
    const certificate = await X509CertificateGenerator.create({
      ...fields(commonName, validMs),
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions,
    });
    return { cert: certificate.toString("pem"), key: await pemOf(keys) };
  }
}

function fields(commonName: string, validMs: number): object {
  const [notBefore, notAfter] = [new Date(Date.now() - 2 * DAY_MS), new Date(Date.now() + validMs)];
  serial += 1;
  return {
    serialNumber: serial.toString(16).padStart(4, "0"),
    subject: `CN=${commonName}`,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
  };
}

function generate(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${base64.replaceAll(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`;
}
