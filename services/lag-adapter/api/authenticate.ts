import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { userOf, type RequestHeaderConfig, type User } from "./request-header.ts";

/** What is known of the other end of a connection. */
export interface Peer {
  /** Undefined: it showed none. */
  readonly certificate: { readonly commonName: string | undefined; readonly endsAtMs: number } | undefined;
  /** Signed by the certificate authority in use when the connection was made, and for use by a client. */
  readonly isTrusted: boolean;
}

/** Why nobody is believed to ask; also a label of a metric. */
export const refusals = {
  no_certificate: "a client certificate is needed: this API is reached through the Kubernetes API server",
  untrusted_certificate: "the client certificate is not signed by the API server's request-header CA",
  expired_certificate: "the client certificate has ended",
  name_not_allowed: "the client certificate's common name is not allowed to speak for others",
  no_user: "no header says who asks",
} as const;

export type Refusal = keyof typeof refusals;

/**
 * Who asks, for whom the API server vouches with its certificate. Without a good certificate no header is read at all:
 * anybody in the cluster's network could have written it.
 */
export function authenticate(
  { certificate, isTrusted }: Peer,
  headers: NodeJS.Dict<string[]>,
  config: RequestHeaderConfig,
  nowMs: number,
): { readonly user: User } | { readonly refusal: Refusal } {
  if (certificate === undefined) return { refusal: "no_certificate" };
  if (!isTrusted) return { refusal: "untrusted_certificate" };
  if (nowMs > certificate.endsAtMs) return { refusal: "expired_certificate" };
  const { allowedNames } = config;
  const isAllowed = allowedNames.length === 0 || allowedNames.includes(certificate.commonName ?? "");
  if (!isAllowed) return { refusal: "name_not_allowed" };
  const user = userOf(headers, config);
  return user === undefined ? { refusal: "no_user" } : { user };
}

/**
 * Reads a connection once; Node calls a connection `authorized` also when it resumes a session of TLS 1.3 that had no
 * certificate, so the certificate itself must be there.
 */
export function peerOf(socket: TLSSocket, authorities: readonly X509Certificate[], nowMs: number): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { certificate, isTrusted: false };
  const { CN: commonName } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  return {
    certificate: {
      // More than one is none: which of them was meant?
      commonName: typeof commonName === "string" ? commonName : undefined,
      endsAtMs: Date.parse(certificate.validTo),
    },
    isTrusted: socket.authorized || authorities.some((authority) => isSignedBy(certificate, authority, nowMs)),
  };
}

/** Extended key usages: of clients, and any. https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12 */
const CLIENT_USES = ["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"];

/**
 * Signed by that authority itself. Other API servers trust an authority that was itself signed by another, and find the
 * right one of two with the same name, as after a renewal; OpenSSL, behind `socket.authorized`, does neither here (Node's
 * servers drop the option `allowPartialTrustChain`).
 */
function isSignedBy(certificate: X509Certificate, authority: X509Certificate, nowMs: number): boolean {
  const uses = certificate.keyUsage as string[] | undefined;
  if (uses !== undefined && !uses.some((use) => CLIENT_USES.includes(use))) return false;
  if (!authority.ca || !isInTime(certificate, nowMs) || !isInTime(authority, nowMs)) return false;
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function isInTime({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}
