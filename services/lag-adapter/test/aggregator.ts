/** Asks an adapter as the API server's aggregator does. */
import { Agent, request, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import type { Pem } from "./throw-away-ca.ts";

export const BASE = "/apis/external.metrics.k8s.io/v1beta1";

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Who the API server says it is, unless a test says otherwise. */
export const HPA = {
  "x-remote-user": "system:serviceaccount:kube-system:horizontal-pod-autoscaler",
  "x-remote-group": ["system:serviceaccounts", "system:authenticated"],
};

/** One end with one certificate, or none; connections are kept like the aggregator's. */
export class Aggregator implements Disposable {
  agent: Agent;
  readonly #port: () => number;
  readonly #certificate: Pem | undefined;

  constructor(port: () => number, certificate: Pem | undefined) {
    this.#port = port;
    this.#certificate = certificate;
    this.agent = this.#newAgent();
  }

  #newAgent(): Agent {
    return new Agent({ keepAlive: true, rejectUnauthorized: false, ...this.#certificate });
  }

  /** Its connections and sessions: the next request begins with a whole handshake. */
  forget(): void {
    this.agent.destroy();
    this.agent = this.#newAgent();
  }

  get(path: string, { method = "GET", headers = HPA }: AskOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, host: "127.0.0.1", port: this.#port(), path, method, headers };
      const asked = request(options as RequestOptions, (response) => {
        text(response).then(
          (body) =>
            resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text: body }),
          reject,
        );
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  async json(path: string, options: AskOptions = {}): Promise<Record<string, unknown>> {
    return JSON.parse((await this.get(path, options)).text) as Record<string, unknown>;
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}
