/**
 * What identifies an entry of a list, in the order of preference: the keys by which server-side apply merges the lists
 * of pods and of metadata. https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
const MERGE_KEYS = ["mountPath", "containerPort", "uid", "name"];

/**
 * Whether `actual` has everything that `wanted` says, and says it the same way; what it has besides, fields and entries of
 * keyed lists, is the server's or somebody else's. Quantities of resources are compared as numbers.
 */
export function holds(wanted: unknown, actual: unknown): boolean {
  return canonical(wanted) === canonical(ownedPart(wanted, actual));
}

/** What `actual` says where `wanted` says something; missing entries are missing. */
export function ownedPart(wanted: unknown, actual: unknown): unknown {
  if (Array.isArray(wanted) && Array.isArray(actual)) return ownedEntries(wanted, actual);
  if (!isRecord(wanted) || !isRecord(actual)) return actual;
  return Object.fromEntries(Object.entries(wanted).map(([name, part]) => [name, ownedPart(part, actual[name])]));
}

/** One text for values that mean the same: without what is empty or not set, keys in order. */
export function canonical(value: unknown): string {
  return JSON.stringify([normal(value)]);
}

function ownedEntries(wanted: readonly unknown[], actual: readonly unknown[]): unknown[] {
  const key = MERGE_KEYS.find((name) => wanted.every((entry) => isRecord(entry) && entry[name] !== undefined));
  if (key === undefined || wanted.length === 0)
    return actual.map((entry, index) => (index < wanted.length ? ownedPart(wanted[index], entry) : entry));
  return wanted.flatMap((entry) => {
    const partner = actual.find((other) => isRecord(other) && other[key] === (entry as Fields)[key]);
    return partner === undefined ? [] : [ownedPart(entry, partner)];
  });
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function normal(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((entry) => normal(entry));
  if (!isRecord(value)) return value;
  const isQuantities = name === "requests" || name === "limits";
  const entries = Object.entries(value)
    .map(([key, part]) => [key, isQuantities ? quantity(part) : normal(part, key)] as const)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `0.5` and `500m` are the same: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function quantity(value: unknown): unknown {
  const [, number, suffix = ""] = /^([0-9.]+(?:[eE][0-9]+)?)([A-Za-z]*)$/.exec(String(value)) ?? [];
  const unit = SUFFIXES[suffix];
  // Nine digits: decimal fractions are not exact.
  return number === undefined || unit === undefined ? value : Number((Number(number) * unit).toPrecision(9));
}
