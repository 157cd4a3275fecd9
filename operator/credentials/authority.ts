import { type KubeApi, CONFIG_MAP } from "#kubernetes";
import type { Clock, Logger } from "#runtime";
import { FIELD_MANAGER } from "../api/names.ts";
import type { ConfigMap } from "../controllers/desired.ts";
import { apply } from "../kube/apply.ts";
import { holds } from "../kube/drift.ts";
import type { Store } from "../kube/store.ts";
import { type KeyPair, makeAuthority } from "../pki/issue.ts";
import { authorityProblem, delayUntilRenewal, endMsOf, readCertificate } from "../pki/judge.ts";
import { AUTHORITY, CERTIFICATE, KEY, LABELS, PREVIOUS, TRUSTED } from "./names.ts";
import { type SecretKeeper, type Values, valuesOf } from "./secret-keeper.ts";

/** Ten years. */
const LIFETIME_MS = 3650 * 86_400_000;

/** An authority that can be used. */
export interface Authority {
  readonly pair: KeyPair;
  /** Whom to trust: PEM, the present one first. */
  readonly trusted: readonly string[];
}

export interface AuthorityOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly namespace: string;
  readonly secrets: SecretKeeper;
  readonly configMaps: Store<ConfigMap>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after a write of the ConfigMap. */
  readonly onWritten: (configMap: ConfigMap) => void;
}

/**
 * Keeps the certificate authority: a Secret that only the operator reads, and a ConfigMap for everybody. When a third of
 * its life is left a new one is made; the one before stays trusted until its end, and what it issued stays in use.
 */
export class AuthorityDuty {
  readonly #options: AuthorityOptions;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** Gives when to look again, in ms. */
  async run(): Promise<number> {
    const { secrets, clock, log } = this.#options;
    const nowMs = clock.nowMs();
    const shape = { name: AUTHORITY, type: "kubernetes.io/tls", metadata: { labels: LABELS } };
    const secret = await secrets.keep(shape, async (there) => {
      const problem = authorityProblem({ certificate: there[CERTIFICATE], key: there[KEY] }, nowMs);
      if (problem === undefined) return {};
      log.info({ secret: AUTHORITY, problem }, "making a certificate authority");
      const { certificate, key } = await makeAuthority({ nowMs, lifetimeMs: LIFETIME_MS });
      return { [CERTIFICATE]: certificate, [KEY]: key, [PREVIOUS]: stillTrusted(there[CERTIFICATE], nowMs) ?? "" };
    });
    const authority = authorityOf(valuesOf(secret), nowMs);
    await this.#publish(authority.trusted);
    return delayUntilRenewal(authority.pair.certificate, nowMs);
  }

  async #publish(trusted: readonly string[]): Promise<void> {
    const { api, namespace, configMaps, log, onWritten } = this.#options;
    const { apiVersion, kind } = CONFIG_MAP;
    const metadata = { name: AUTHORITY, namespace, labels: LABELS };
    const wanted: ConfigMap = { apiVersion, kind, metadata, data: { [TRUSTED]: trusted.join("") } };
    if (holds(wanted, configMaps.get(AUTHORITY))) return;
    const written = await apply<ConfigMap>(api, CONFIG_MAP, wanted, { fieldManager: FIELD_MANAGER });
    configMaps.set(written);
    log.info({ configMap: AUTHORITY }, "the authority's certificate was written");
    onWritten(written);
  }
}

/** The authority that stands in its Secret. */
export function authorityOf(values: Values, nowMs: number): Authority {
  const { [CERTIFICATE]: certificate = "", [KEY]: key = "" } = values;
  const previous = stillTrusted(values[PREVIOUS], nowMs);
  return { pair: { certificate, key }, trusted: previous === undefined ? [certificate] : [certificate, previous] };
}

function stillTrusted(pem: string | undefined, nowMs: number): string | undefined {
  const certificate = readCertificate(pem);
  return certificate?.ca === true && nowMs < endMsOf(certificate) ? pem : undefined;
}
