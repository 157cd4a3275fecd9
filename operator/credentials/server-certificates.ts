import type { Clock, Logger } from "#runtime";
import { issueCertificate, type KeyPair } from "../pki/issue.ts";
import { authorityProblem, delayUntilRenewal, serverProblem } from "../pki/judge.ts";
import { authorityOf, type Authority } from "./authority.ts";
import { AUTHORITY, CERTIFICATE, KEY, LABELS, serviceNames, tlsSecret, TRUSTED } from "./names.ts";
import { type SecretKeeper, type Values, valuesOf } from "./secret-keeper.ts";

export interface ServerCertificatesOptions {
  readonly namespace: string;
  readonly services: readonly string[];
  /** More DNS names of a service. */
  readonly extraNames: ReadonlyMap<string, readonly string[]>;
  readonly lifetimeMs: number;
  readonly secrets: SecretKeeper;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps a server certificate for each service: renewed when a third of its life is left, or when it does not fit. */
export class ServerCertificatesDuty {
  readonly #options: ServerCertificatesOptions;

  constructor(options: ServerCertificatesOptions) {
    this.#options = options;
  }

  /** Gives when to look again, in ms; nothing without an authority: who makes it says so. */
  async run(): Promise<number | undefined> {
    const { services, secrets, clock } = this.#options;
    const nowMs = clock.nowMs();
    const values = valuesOf(secrets.get(AUTHORITY));
    if (authorityProblem({ certificate: values[CERTIFICATE], key: values[KEY] }, nowMs) !== undefined) return undefined;
    const authority = authorityOf(values, nowMs);
    const delays: number[] = [];
    for (const service of services) delays.push(await this.#keep(service, authority, nowMs));
    return delays.length === 0 ? undefined : Math.min(...delays);
  }

  async #keep(service: string, authority: Authority, nowMs: number): Promise<number> {
    const shape = { name: tlsSecret(service), type: "kubernetes.io/tls", metadata: { labels: LABELS } };
    const secret = await this.#options.secrets.keep(shape, (there) => this.#missing(service, there, authority, nowMs));
    return delayUntilRenewal(valuesOf(secret)[CERTIFICATE], nowMs);
  }

  async #missing(service: string, there: Values, authority: Authority, nowMs: number): Promise<Values> {
    const { namespace, extraNames, lifetimeMs, log } = this.#options;
    const names: [string, ...string[]] = [...serviceNames(service, namespace), ...(extraNames.get(service) ?? [])];
    const pair = { certificate: there[CERTIFICATE], key: there[KEY] };
    const problem = serverProblem(pair, names, authority.trusted, nowMs);
    if (problem !== undefined) log.info({ secret: tlsSecret(service), problem }, "issuing a server certificate");
    const issued: KeyPair | undefined =
      problem === undefined ? undefined : await issueCertificate(authority.pair, names, { nowMs, lifetimeMs });
    const trusted = authority.trusted.join("");
    return {
      ...(issued === undefined ? {} : { [CERTIFICATE]: issued.certificate, [KEY]: issued.key }),
      ...(there[TRUSTED] === trusted ? {} : { [TRUSTED]: trusted }),
    };
  }
}
