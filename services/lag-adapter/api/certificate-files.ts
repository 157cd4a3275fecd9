import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

/** A certificate with those that signed it, and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  readonly endsAtMs: number;
}

/**
 * A certificate and its key in two files that somebody else renews. The kubelet swaps the folder that a mounted Secret
 * lies in, so what counts is the files' content, looked at again and again, and not a watch on one of them.
 */
export class CertificateFiles {
  readonly #certFile: string;
  readonly #keyFile: string;
  #current: KeyPair | undefined;

  constructor(certFile: string, keyFile: string) {
    this.#certFile = certFile;
    this.#keyFile = keyFile;
  }

  /** The last pair that fitted together. */
  get current(): KeyPair | undefined {
    return this.#current;
  }

  /**
   * Reads both files; true if there is a new pair.
   *
   * @throws Error when one is missing, half written, or not of the other: the pair before stays the current one.
   */
  async read(): Promise<boolean> {
    const [cert, key] = await Promise.all([readFile(this.#certFile, "utf8"), readFile(this.#keyFile, "utf8")]);
    if (cert === this.#current?.cert && key === this.#current.key) return false;
    createSecureContext({ cert, key });
    this.#current = { cert, key, endsAtMs: Date.parse(new X509Certificate(cert).validTo) };
    return true;
  }
}
