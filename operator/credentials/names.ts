import { GROUP, READER } from "../api/names.ts";

/** Secret with the authority's key, and ConfigMap with its certificate, `ca.crt`. */
export const AUTHORITY = "smart-home-ca";
/** Secret with Mosquitto's password file under {@link PASSWORDS}. */
export const USERS_SECRET = "mosquitto-users";
export const PASSWORDS = "passwords";

/** Keys of a Secret of the type `kubernetes.io/tls`: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
export const CERTIFICATE = "tls.crt";
export const KEY = "tls.key";
/** The authorities to trust: the present one and, while it is valid, the one before. */
export const TRUSTED = "ca.crt";
/** In the authority's Secret only. */
export const PREVIOUS = "previous.crt";

/** The pods that read {@link USERS_SECRET} and the certificate of {@link BROKER}. */
export const BROKER = "mosquitto";
export const BROKER_SELECTOR = `app.kubernetes.io/name=${BROKER}`;
/** On these pods: a hash of what their Secrets say. Writing it makes the kubelet refresh the mounted files at once. */
export const SECRETS_ANNOTATION = `${GROUP}/secrets`;

/** On everything that the operator makes for all fleets. */
export const LABELS = { "app.kubernetes.io/managed-by": "sensorfleet-operator" } as const;

export function tlsSecret(service: string): string {
  return `${service}-tls`;
}

export function userSecret(user: string): string {
  return `mqtt-user-${user}`;
}

/**
 * The underscore keeps it apart from every fleet, whose names are DNS labels. Only the reader goes without: its name is
 * what the broker's rule for reading goes by, and no fleet may have it.
 */
export function userName(user: string): string {
  return user === READER ? READER : `_${user}`;
}

/** By all these names a pod of the cluster may call a service. */
export function serviceNames(service: string, namespace: string): [string, ...string[]] {
  const inNamespace = `${service}.${namespace}`;
  return [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`, "localhost"];
}
