import { type KubeApi, type KubeObject } from "#kubernetes";
import { childName, FLEET_LABEL } from "../api/names.ts";
import type { SensorFleet } from "../api/sensor-fleet.ts";
import type { Pod } from "../controllers/pods.ts";
import { annotate } from "../kube/annotate.ts";
import { hashOf } from "../kube/apply.ts";
import type { Store } from "../kube/store.ts";
import { BROKER, LABELS, PASSWORDS, SECRETS_ANNOTATION, tlsSecret, USERS_SECRET, userSecret } from "./names.ts";
import { passwordFile } from "./password-file.ts";
import { type Secret, type SecretKeeper, valuesOf } from "./secret-keeper.ts";

export interface PasswordsOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly users: readonly string[];
  readonly secrets: SecretKeeper;
  readonly fleets: Store<SensorFleet>;
  /** Of the fleets. */
  readonly pods: Store<Pod>;
  readonly brokerPods: Store<KubeObject>;
  /** Whether all fleets and their pods are known by now. */
  readonly isComplete: () => boolean;
}

/**
 * Keeps the broker's password file: the users of the parts, and one for each fleet. A fleet that is gone keeps its user as
 * long as it has pods, which still deliver what they made.
 */
export class PasswordsDuty {
  readonly #options: PasswordsOptions;
  /** What the file was made of last, so that the same is not hashed again. */
  #judged: string | undefined;

  constructor(options: PasswordsOptions) {
    this.#options = options;
  }

  async run(): Promise<undefined> {
    const { users, secrets } = this.#options;
    // The parts' users are always in the file: it waits for their Secrets.
    if (users.some((user) => !isAccount(secrets.get(userSecret(user))))) return;
    const shape = { name: USERS_SECRET, metadata: { labels: LABELS } };
    const secret = await secrets.keep(shape, ({ [PASSWORDS]: before = "" }) => {
      const file = this.#file(before);
      return file === before ? {} : { [PASSWORDS]: file };
    });
    this.#judged = undefined;
    this.#judged = this.#inputs(valuesOf(secret)[PASSWORDS] ?? "");
    await this.#tellBroker(secret);
  }

  #file(before: string): string {
    if (this.#inputs(before) === this.#judged) return before;
    return passwordFile({ users: this.#accounts(), before, stays: (user) => this.#stays(user) });
  }

  #inputs(before: string): string {
    const { fleets, pods, isComplete } = this.#options;
    const names = fleets.all().map(({ metadata }) => metadata.name);
    const podNames = new Set(pods.all().map(fleetOf));
    return hashOf([before, [...this.#accounts()], names.sort(), [...podNames].sort(), isComplete()]);
  }

  #accounts(): Map<string, string> {
    const { users, secrets, fleets } = this.#options;
    const accounts = new Map<string, string>();
    const add = ({ username, password }: ReturnType<typeof valuesOf>): void => {
      if (username !== undefined && password !== undefined) accounts.set(username, password);
    };
    for (const user of users) add(valuesOf(secrets.get(userSecret(user))));
    for (const { metadata } of fleets.all()) {
      const secret = secrets.get(childName(metadata.name));
      const isOwned = secret?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true;
      const values = valuesOf(secret);
      if (isOwned && values["username"] === metadata.name) add(values);
    }
    return accounts;
  }

  #stays(user: string): boolean {
    const { fleets, pods, isComplete } = this.#options;
    return !isComplete() || fleets.get(user) !== undefined || pods.all().some((pod) => fleetOf(pod) === user);
  }

  async #tellBroker(passwords: Secret): Promise<void> {
    const { secrets, brokerPods } = this.#options;
    const hash = hashOf([passwords.data, secrets.get(tlsSecret(BROKER))?.data]);
    for (const pod of brokerPods.all())
      await annotate(this.#options.api, brokerPods, pod, { [SECRETS_ANNOTATION]: hash });
  }
}

function isAccount(secret: Secret | undefined): boolean {
  const { username, password } = valuesOf(secret);
  return username !== undefined && password !== undefined && password !== "";
}

function fleetOf({ metadata }: KubeObject): string | undefined {
  return metadata.labels?.[FLEET_LABEL];
}
