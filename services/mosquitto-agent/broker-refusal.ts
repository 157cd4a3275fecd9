import { isLoginRefused } from "#mqtt";

/** What is wrong with the agent itself: the broker does not know its login, or it does not trust the certificate. */
export type Refusal = "login" | "trust";

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes, and what Node says of a certificate for other names. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * Whether a check failed through the agent's own fault. Then the broker did answer: it sent a CONNACK that refuses, or
 * its certificate.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (isLoginRefused(error)) return "login";
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ("code" in cause && UNTRUSTED.has(cause.code)) return "trust";
  return undefined;
}
