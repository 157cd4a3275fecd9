import { AUTHORITY, tlsSecret, USERS_SECRET, userSecret } from "./names.ts";
import { accountSecret, type RandomSecret } from "./random-secrets.ts";

/** The variables that ask for Secrets. */
export interface WantedSecrets {
  readonly TLS_SERVICES?: readonly string[] | undefined;
  readonly TLS_EXTRA_NAMES?: readonly string[] | undefined;
  readonly MQTT_USERS?: readonly string[] | undefined;
  readonly RANDOM_SECRETS?: readonly string[] | undefined;
}

/** The Secrets of random values: of the broker's users, and those that are asked for by name and key. */
export function randomSecretsOf({ MQTT_USERS: users = [], RANDOM_SECRETS: pairs = [] }: WantedSecrets): RandomSecret[] {
  const byName = Map.groupBy(pairs.map(pairOf), ([name]) => name);
  const asked = [...byName].map(([name, keys]) => ({
    name,
    fixed: {},
    random: [...new Set(keys.map(([, key]) => key))],
  }));
  return [...users.map(accountSecret), ...asked];
}

/** Further DNS names by service. */
export function extraNamesOf({ TLS_EXTRA_NAMES: pairs = [] }: WantedSecrets): Map<string, string[]> {
  const byService = Map.groupBy(pairs.map(pairOf), ([service]) => service);
  return new Map([...byService].map(([service, names]) => [service, names.map(([, name]) => name)]));
}

/** What is wrong with the variables together. */
export function secretProblems(wanted: WantedSecrets): string[] {
  const { TLS_SERVICES: services = [], MQTT_USERS: users = [], RANDOM_SECRETS: pairs = [] } = wanted;
  const names = [
    AUTHORITY,
    USERS_SECRET,
    ...services.map(tlsSecret),
    ...users.map(userSecret),
    ...new Set(pairs.map((pair) => pairOf(pair)[0])),
  ];
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const strangers = [...extraNamesOf(wanted).keys()].filter((service) => !services.includes(service));
  const ofFleets = names.filter((name) => name.startsWith("fleet-"));
  return [
    ...[...twice].map((name) => `TLS_SERVICES, MQTT_USERS and RANDOM_SECRETS ask for the Secret ${name} twice`),
    ...ofFleets.map((name) => `the Secret ${name} would be a fleet's: names must not begin with fleet-`),
    ...strangers.map((service) => `TLS_EXTRA_NAMES names ${service}, which is not in TLS_SERVICES`),
  ];
}

function pairOf(pair: string): [string, string] {
  const colon = pair.indexOf(":");
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}
