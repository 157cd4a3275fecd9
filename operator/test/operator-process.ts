/** The operator as a process, and what a kubelet and the StatefulSet controller would do for its pods. */
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { freePort, ServerProcess, temporaryDirectory } from "#testkit";
import { OPS_PORT, labelsOf } from "../controllers/desired.ts";
import type { Pod } from "../controllers/pods.ts";
import { pathOf, POD } from "#kubernetes";
import type { World } from "./world.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface RunningOperator {
  readonly process: ServerProcess;
  /** The value of a metric; labels as in `name{a="b"}`. Sums over series if only a name is given. */
  metric(name: string): Promise<number>;
  isReady(): Promise<boolean>;
}

export async function startOperator(
  world: World,
  namespace: string,
  environment: Readonly<Record<string, string>> = {},
  until = "this operator leads",
): Promise<RunningOperator> {
  const opsPort = await freePort();
  const server = await ServerProcess.start({
    name: "operator",
    command: process.execPath,
    args: [MAIN],
    directory: temporaryDirectory("operator"),
    isTemporary: true,
    environment: {
      NAMESPACE: namespace,
      POD_NAME: "operator",
      KUBECONFIG: world.server.kubeconfig,
      SIMULATOR_IMAGE: "simulator:1",
      FLEET_MQTT_URL: "mqtt://mosquitto:1883",
      STATUS_INTERVAL: "200ms",
      LEASE_DURATION: "3s",
      OPS_PORT: String(opsPort),
      ...environment,
    },
    isReady: (log) => log.includes(until),
  });
  return {
    process: server,
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
    metric: async (name) => {
      const page = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
      const lines = page.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
  };
}

/** A simulator as the operator sees it: a pod object, and a page. */
export class PlayedPod implements AsyncDisposable {
  readonly #server: Server;
  readonly name: string;
  summary: Record<string, unknown> = {};

  private constructor(server: Server, name: string) {
    this.#server = server;
    this.name = name;
  }

  /** `address`: of this machine, in 127.0.0.0/8. */
  static async start(
    world: World,
    namespace: string,
    fleet: string,
    index: number,
    address: string,
  ): Promise<PlayedPod> {
    const server = createServer((_request, response) => response.end(JSON.stringify(pod.summary)));
    const pod = new PlayedPod(server, `fleet-${fleet}-${index}`);
    server.listen(OPS_PORT, address);
    await once(server, "listening");
    await world.api.call({
      method: "POST",
      path: pathOf(POD, namespace),
      body: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: pod.name, namespace, labels: { ...labelsOf(fleet), "controller-revision-hash": "old" } },
        spec: { containers: [{ name: "simulator", image: "simulator:1" }] },
      },
    });
    await pod.setStatus(world, namespace, {
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: "Ready", status: "True" }],
    });
    return pod;
  }

  setStatus(world: World, namespace: string, status: unknown): Promise<unknown> {
    return world.patch(POD, namespace, this.name, { status }, "status");
  }

  async annotations(world: World, namespace: string): Promise<Readonly<Record<string, string>>> {
    const { metadata } = await world.get<Pod>(POD, namespace, this.name);
    return metadata.annotations ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
