import { LABELS, userName, userSecret } from "./names.ts";
import { randomText } from "./random-text.ts";
import type { SecretKeeper, Values } from "./secret-keeper.ts";

/** A Secret of random values. */
export interface RandomSecret {
  readonly name: string;
  /** Keys with a value that is the same everywhere. */
  readonly fixed: Values;
  /** Keys with a random value. */
  readonly random: readonly string[];
}

/** The name and the password of a user of the broker. */
export function accountSecret(user: string): RandomSecret {
  return { name: userSecret(user), fixed: { username: userName(user) }, random: ["password"] };
}

/** What has to be written so that a Secret has all that it should: a random value that is there stays. */
export function missingValues({ fixed, random }: Pick<RandomSecret, "fixed" | "random">, there: Values): Values {
  const wrong = Object.entries(fixed).filter(([key, value]) => there[key] !== value);
  const missing = random.filter((key) => (there[key] ?? "") === "").map((key) => [key, randomText()]);
  return Object.fromEntries([...wrong, ...missing]) as Values;
}

/** Keeps Secrets of random values. */
export class RandomSecretsDuty {
  readonly #secrets: SecretKeeper;
  readonly #wanted: readonly RandomSecret[];

  constructor(secrets: SecretKeeper, wanted: readonly RandomSecret[]) {
    this.#secrets = secrets;
    this.#wanted = wanted;
  }

  async run(): Promise<undefined> {
    for (const wanted of this.#wanted)
      await this.#secrets.keep({ name: wanted.name, metadata: { labels: LABELS } }, (there) =>
        missingValues(wanted, there),
      );
  }
}
