import type { KubeApi, KubeObject } from "#kubernetes";
import type { ServiceContext } from "#runtime";
import type { OperatorConfig } from "./config.ts";
import { DefaultFleetDuty } from "./controllers/default-fleet.ts";
import { ApiServiceDuty } from "./credentials/api-service.ts";
import { AuthorityDuty } from "./credentials/authority.ts";
import { Duties, PASSWORDS_DUTY } from "./credentials/duties.ts";
import { PasswordsDuty } from "./credentials/passwords.ts";
import { RandomSecretsDuty } from "./credentials/random-secrets.ts";
import type { SecretKeeper } from "./credentials/secret-keeper.ts";
import { ServerCertificatesDuty } from "./credentials/server-certificates.ts";
import { extraNamesOf, randomSecretsOf } from "./credentials/wanted.ts";
import type { Informers } from "./informers.ts";
import type { OperatorEvents } from "./metrics.ts";

export interface DutiesNeeds {
  readonly context: ServiceContext<OperatorConfig>;
  readonly api: KubeApi;
  readonly informers: Informers;
  readonly secrets: SecretKeeper;
  readonly metrics: OperatorEvents;
  /** Told after a write of the authority's ConfigMap. */
  readonly onWritten: (object: KubeObject) => void;
}

/** Everything that the operator keeps beside the fleets, as its configuration asks for it. */
export function dutiesOf({
  context: { config, clock, log },
  api,
  informers,
  secrets,
  metrics,
  onWritten,
}: DutiesNeeds): Duties {
  const namespace = config.NAMESPACE;
  let isComplete = false;
  void Promise.all([informers.fleets.synced, informers.pods.synced]).then(() => (isComplete = true));
  const configMaps = informers.configMaps.store;
  const { API_SERVICE: apiService, defaultFleet: manifest, DEFAULT_FLEET_AFTER: after } = config;
  return new Duties({
    clock,
    log,
    onResult: (durationMs, failed) => metrics.onReconciled("credentials", durationMs, failed),
    duties: {
      authority: new AuthorityDuty({ api, namespace, secrets, configMaps, clock, log, onWritten }),
      "random-secrets": new RandomSecretsDuty(secrets, randomSecretsOf(config)),
      "server-certificates": new ServerCertificatesDuty({
        namespace,
        services: config.TLS_SERVICES ?? [],
        extraNames: extraNamesOf(config),
        lifetimeMs: config.CERTIFICATE_LIFETIME,
        secrets,
        clock,
        log,
      }),
      [PASSWORDS_DUTY]: new PasswordsDuty({
        api,
        users: config.MQTT_USERS ?? [],
        secrets,
        fleets: informers.fleets.store,
        pods: informers.pods.store,
        brokerPods: informers.brokerPods.store,
        isComplete: () => isComplete,
      }),
      ...(apiService === undefined
        ? {}
        : { "api-service": new ApiServiceDuty({ api, namespace, name: apiService, configMaps, log }) }),
      ...(manifest === undefined
        ? {}
        : { "default-fleet": new DefaultFleetDuty({ api, namespace, manifest, after, log }) }),
    },
  });
}
