import { kafkaGroups, kafkaTopics } from "#events";
import { kubeconfigConnection, KubeApi, kubeErrors, pathOf, STATEFUL_SET, type Resource } from "#kubernetes";
import { API_VERSION, KIND } from "../../operator/api/names.ts";
import { SENSOR_FLEET } from "../../operator/api/sensor-fleet.ts";
import { lagMetricNames } from "../../services/lag-adapter/config.ts";

const DEPLOYMENT: Resource = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments" };
const AUTOSCALER: Resource = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
};
const WRITER = "bq-writer";
const BRIDGE = "mqtt-bridge";
const MANAGER = "hpa-demo";

interface Autoscaler {
  readonly spec: {
    readonly metrics: readonly {
      readonly external?: {
        readonly metric: { readonly name: string };
        readonly target: { readonly averageValue: string };
      };
    }[];
  };
  readonly status?: { readonly desiredReplicas?: number };
}

export interface Writers {
  /** As the autoscaler wants. */
  readonly desired: number;
  readonly ready: number;
}

/** For each writer. */
export interface Targets {
  /** Records. */
  readonly lag: number;
  /** Records a second that come into the topic. */
  readonly appendRate: number;
}

/** What the demo asks of the cluster and does there. */
export class Cluster {
  readonly #api: KubeApi;
  readonly #namespace: string;

  constructor(api: KubeApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  static async open(kubeconfig: string, namespace: string): Promise<Cluster> {
    return new Cluster(new KubeApi(await kubeconfigConnection(kubeconfig)), namespace);
  }

  /** @throws with the way out, if the pipeline is not there. */
  async check(): Promise<void> {
    try {
      await this.#get(STATEFUL_SET, BRIDGE);
      await this.#get(AUTOSCALER, WRITER);
    } catch (error) {
      if (!kubeErrors.is(error) || error.code !== "NOT_FOUND") throw error;
      throw new Error(`the pipeline is not in namespace ${this.#namespace}: kubectl apply -f k8s-out`, {
        cause: error,
      });
    }
  }

  /** Up to what the autoscaler leaves a writer alone. */
  async targetsPerWriter(): Promise<Targets> {
    const { spec } = await this.#get<Autoscaler>(AUTOSCALER, WRITER);
    const target = (name: string): number => {
      const found = spec.metrics.find(({ external }) => external?.metric.name === name);
      return decimal(found?.external?.target.averageValue ?? "");
    };
    return { lag: target(lagMetricNames.records), appendRate: target(lagMetricNames.appendRate) };
  }

  /** @throws KubeError */
  async writers(): Promise<Writers> {
    const [autoscaler, deployment] = await Promise.all([
      this.#get<Autoscaler>(AUTOSCALER, WRITER),
      this.#get<{ status?: { readyReplicas?: number } }>(DEPLOYMENT, WRITER),
    ]);
    return { desired: autoscaler.status?.desiredReplicas ?? 1, ready: deployment.status?.readyReplicas ?? 0 };
  }

  /** As the autoscaler sees it; `undefined` while nobody knows it. */
  lag(): Promise<number | undefined> {
    return this.#external(lagMetricNames.records);
  }

  /** Records a second that the topic gets, over the last minute, as the autoscaler sees it. */
  appendRate(): Promise<number | undefined> {
    return this.#external(lagMetricNames.appendRate);
  }

  /** Makes the fleet, or sets its number of devices. */
  async setFleet(name: string, devices: number): Promise<void> {
    await this.#api.call({
      method: "PATCH",
      path: pathOf(SENSOR_FLEET, this.#namespace, name),
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: MANAGER, force: true },
      body: {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { name },
        spec: { devices, interval: "1s", jitter: "200ms" },
      },
    });
  }

  async deleteFleet(name: string): Promise<void> {
    const call = { method: "DELETE", path: pathOf(SENSOR_FLEET, this.#namespace, name) } as const;
    await this.#api.call(call).catch((error: unknown) => {
      if (!kubeErrors.is(error) || error.code !== "NOT_FOUND") throw error;
    });
  }

  async #external(metric: string): Promise<number | undefined> {
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${this.#namespace}/${metric}`;
    const labelSelector = `group=${kafkaGroups.writer},topic=${kafkaTopics.readings.name}`;
    const list = await this.#orUndefined(
      this.#api.call<{ items: { value: string }[] }>({ method: "GET", path, query: { labelSelector } }),
    );
    const value = list?.items[0]?.value;
    return value === undefined ? undefined : decimal(value);
  }

  #get<T>(resource: Resource, name: string): Promise<T> {
    return this.#api.call<T>({ method: "GET", path: pathOf(resource, this.#namespace, name) });
  }

  /** For what may be missing for a moment and is drawn as a gap. */
  #orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
    return call.catch((error: unknown) => {
      if (kubeErrors.is(error)) return undefined;
      throw error;
    });
  }
}

const DECIMAL_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, m: 1e-3 };

/** A quantity of Kubernetes with a decimal unit: `15k` is 15,000. */
export function decimal(quantity: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([kMGm]?)$/.exec(quantity) ?? [];
  return number === "" ? NaN : Number(number) * (DECIMAL_UNITS[unit] ?? NaN);
}
