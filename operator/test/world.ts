/** What the operator's tests against a real API server share. */
import { eventually } from "#testkit";
import { startKubeApiServer, type KubeApiServer } from "#testkit/kube-api-server";
import { sensorFleetCrd } from "../api/crd.ts";
import { API_VERSION, KIND } from "../api/names.ts";
import { SENSOR_FLEET as FLEET, type SensorFleet } from "../api/sensor-fleet.ts";
import { KubeApi, kubeconfigConnection, type KubeObject, pathOf, type Resource } from "#kubernetes";

export { FLEET };

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A real API server that knows `SensorFleet`. */
export class World implements AsyncDisposable {
  readonly server: KubeApiServer;
  readonly api: KubeApi;

  private constructor(server: KubeApiServer, api: KubeApi) {
    this.server = server;
    this.api = api;
  }

  static async start(): Promise<World> {
    const server = await startKubeApiServer();
    const world = new World(server, new KubeApi(await kubeconfigConnection(server.kubeconfig)));
    await world.installCrd();
    return world;
  }

  async installCrd(): Promise<void> {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await this.api.call({ method: "POST", path, body: sensorFleetCrd });
    await eventually("SensorFleet is served", () => this.list("default"), Boolean, { timeoutMs: 30_000 });
  }

  list(namespace: string): Promise<{ items: SensorFleet[] }> {
    return this.api.call({ method: "GET", path: pathOf(FLEET, namespace) });
  }

  async namespace(name: string): Promise<string> {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await this.api.call({ method: "POST", path: "/api/v1/namespaces", body });
    return name;
  }

  /** As kubectl does: unknown fields are errors. */
  create(namespace: string, name: string, spec: unknown, options: { dryRun?: boolean } = {}): Promise<SensorFleet> {
    return this.api.call({
      method: "POST",
      path: pathOf(FLEET, namespace),
      query: { fieldValidation: "Strict", dryRun: options.dryRun === true ? "All" : undefined },
      body: { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec },
    });
  }

  get<T extends KubeObject>(resource: Resource, namespace: string, name: string): Promise<T> {
    return this.api.call({ method: "GET", path: pathOf(resource, namespace, name) });
  }

  /** A JSON merge patch. */
  patch<T>(resource: Resource, namespace: string, name: string, body: unknown, subresource?: string): Promise<T> {
    return this.api.call({
      method: "PATCH",
      path: pathOf(resource, namespace, name, subresource),
      query: { fieldValidation: "Strict" },
      contentType: "application/merge-patch+json",
      body,
    });
  }

  delete(resource: Resource, namespace: string, name: string): Promise<void> {
    return this.api.call({ method: "DELETE", path: pathOf(resource, namespace, name) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
