import { pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** What `mosquitto_passwd` writes: https://mosquitto.org/man/mosquitto_passwd-1.html. */
const KIND = "7";
/** Passwords of 128 random bits need no slow hash, and this is what `mosquitto_passwd` takes. */
const ITERATIONS = 101;
const SALT_BYTES = 12;
const HASH_BYTES = 64;

/** A line of Mosquitto's password file: `user:$7$iterations$salt$hash`, PBKDF2 with SHA-512. */
export function passwordLine(user: string, password: string, salt = randomBytes(SALT_BYTES)): string {
  const hash = hashOf(password, salt, ITERATIONS);
  return `${user}:$${KIND}$${ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** Whether a line lets its user in with the password. */
export function admits(line: string, password: string): boolean {
  const [, kind, iterations, salt = "", hash = ""] = line.slice(line.indexOf(":") + 1).split("$");
  if (kind !== KIND || iterations !== String(ITERATIONS)) return false;
  const given = Buffer.from(hash, "base64");
  return (
    given.length === HASH_BYTES && timingSafeEqual(given, hashOf(password, Buffer.from(salt, "base64"), ITERATIONS))
  );
}

export interface PasswordFileInput {
  /** User → password. */
  readonly users: ReadonlyMap<string, string>;
  /** The file as it is. */
  readonly before: string;
  /** Users without a known password whose line stays as it is. */
  readonly stays: (user: string) => boolean;
}

/** The whole file, sorted. A line that is right stays as it is, with its salt: so the same users give the same file. */
export function passwordFile({ users, before, stays }: PasswordFileInput): string {
  const known = new Map(linesOf(before).map((line) => [line.slice(0, line.indexOf(":")), line]));
  const kept = [...known].filter(([user]) => !users.has(user) && stays(user)).map(([, line]) => line);
  const made = [...users].map(([user, password]) => {
    const line = known.get(user);
    return line !== undefined && admits(line, password) ? line : passwordLine(user, password);
  });
  return [...kept, ...made].sort().join("\n") + "\n";
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.includes(":"));
}

function hashOf(password: string, salt: Buffer, iterations: number): Buffer {
  return pbkdf2Sync(password, salt, iterations, HASH_BYTES, "sha512");
}
