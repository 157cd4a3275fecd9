import { X509Certificate } from "node:crypto";

/** Who asks, as the API server's aggregator says; the words of a SubjectAccessReview. */
export interface User {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/**
 * Whom to believe, and in which headers it says who asks:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#original-request-username-and-group
 */
export interface RequestHeaderConfig {
  /** One or more certificates in PEM: whoever has one signed by these speaks for the API server. */
  readonly ca: string;
  /** Common names of such certificates; empty: any. */
  readonly allowedNames: readonly string[];
  /** Names of headers in lower case; the first that has a value counts. */
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  /** All values of all of them count. */
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** Everybody who is somebody is in it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
const AUTHENTICATED = "system:authenticated";
const UNAUTHENTICATED = "system:unauthenticated";
const ANONYMOUS = "system:anonymous";

/**
 * Reads the data of ConfigMap `kube-system/extension-apiserver-authentication`.
 *
 * @throws Error when something is missing or not as it should be: nobody is believed on a half of it.
 */
export function parseRequestHeaderConfig(data: Readonly<Record<string, string>> = {}): RequestHeaderConfig {
  const ca = data["requestheader-client-ca-file"];
  if (ca === undefined) throw new Error("it has no requestheader-client-ca-file: the aggregation layer is off");
  if (certificatesOf(ca).length === 0) throw new Error("requestheader-client-ca-file holds no certificate");
  const usernameHeaders = headerNames(data, "requestheader-username-headers");
  if (usernameHeaders.length === 0) throw new Error("requestheader-username-headers names no header");
  return {
    ca,
    allowedNames: texts(data, "requestheader-allowed-names"),
    usernameHeaders,
    uidHeaders: headerNames(data, "requestheader-uid-headers"),
    groupHeaders: headerNames(data, "requestheader-group-headers"),
    extraPrefixes: headerNames(data, "requestheader-extra-headers-prefix"),
  };
}

/** @throws Error when one of them cannot be read. */
export function certificatesOf(pem: string): X509Certificate[] {
  const parts = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return parts.map((part) => new X509Certificate(part));
}

/**
 * Who the headers say it is; `undefined`: nobody. Only for requests over a connection whose certificate was checked.
 * Groups are completed as every API server does it, by the one of all who are authenticated.
 */
export function userOf(headers: NodeJS.Dict<string[]>, config: RequestHeaderConfig): User | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => headers[name]?.[0] ?? "").find((value) => value !== "");
  const user = first(config.usernameHeaders);
  if (user === undefined) return undefined;
  const uid = first(config.uidHeaders);
  const groups = config.groupHeaders.flatMap((name) => headers[name] ?? []).filter((value) => value !== "");
  return {
    user: utf8(user),
    ...(uid === undefined ? {} : { uid: utf8(uid) }),
    groups: completed(utf8(user), groups.map(utf8)),
    extra: extraOf(headers, config.extraPrefixes),
  };
}

function completed(user: string, groups: readonly string[]): readonly string[] {
  const isSettled = user === ANONYMOUS || groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  return isSettled ? groups : [...groups, AUTHENTICATED];
}

function extraOf(headers: NodeJS.Dict<string[]>, prefixes: readonly string[]): Record<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const prefix of prefixes)
    for (const [name, values = []] of Object.entries(headers)) {
      if (!name.startsWith(prefix)) continue;
      const key = unescaped(name.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...values.map(utf8)]);
    }
  return Object.fromEntries(extra);
}

/** Characters that a header's name cannot have come percent-encoded. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Node reads the bytes of a header's value as latin1. */
function utf8(value: string): string {
  return Buffer.from(value, "latin1").toString("utf8");
}

function headerNames(data: Readonly<Record<string, string>>, key: string): string[] {
  const names = texts(data, key).map((name) => name.trim().toLowerCase());
  if (names.includes("")) throw new Error(`${key} has an empty name`);
  return names;
}

/** A list of texts in JSON; none if the key is not there. */
function texts(data: Readonly<Record<string, string>>, key: string): string[] {
  const value: unknown = JSON.parse(data[key] ?? "[]");
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new Error(`${key} is no list of texts`);
}
