/** The two calls of the API server that the adapter makes, answered as a test wants it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { json } from "node:stream/consumers";
import type { Connection } from "#kubernetes";
import { portOf } from "#testkit";
import type { Pem } from "./throw-away-ca.ts";

export interface ReviewSpec {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly nonResourceAttributes?: Readonly<Record<string, string>>;
}

/** Headers that every real cluster names. */
export const HEADERS = {
  "requestheader-username-headers": '["X-Remote-User"]',
  "requestheader-uid-headers": '["X-Remote-Uid"]',
  "requestheader-group-headers": '["X-Remote-Group"]',
  "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
};

export class ScriptedKubernetes implements AsyncDisposable {
  /** Of the ConfigMap; `undefined`: the account may not read it. */
  authentication: Record<string, string> | undefined;
  /** Answers a SubjectAccessReview; a throw is an error of the API server. */
  allows: (spec: ReviewSpec) => boolean = () => true;
  readonly reviews: ReviewSpec[] = [];
  readonly #server: Server;

  readonly #protocol: "http" | "https";

  private constructor(certificate: Pem | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    this.#protocol = certificate === undefined ? "http" : "https";
    this.#server = certificate === undefined ? createServer(answer) : createSecureServer(certificate, answer);
  }

  static async start(certificate?: Pem): Promise<ScriptedKubernetes> {
    const kubernetes = new ScriptedKubernetes(certificate);
    kubernetes.#server.listen(0, "127.0.0.1");
    await once(kubernetes.#server, "listening");
    return kubernetes;
  }

  get url(): string {
    return `${this.#protocol}://127.0.0.1:${portOf(this.#server)}`;
  }

  get connection(): Connection {
    return { server: new URL(this.url), options: () => Promise.resolve({}) };
  }

  /** What the aggregator vouches with: the CA, and the common names. */
  setAuthentication(ca: string, allowedNames: readonly string[]): void {
    this.authentication = {
      ...HEADERS,
      "requestheader-client-ca-file": ca,
      "requestheader-allowed-names": JSON.stringify(allowedNames),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, body: unknown): void => void response.writeHead(status).end(JSON.stringify(body));
    switch (`${request.method} ${request.url}`) {
      case "GET /api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication":
        if (this.authentication === undefined) say(403, { message: "forbidden" });
        else say(200, { data: this.authentication });
        return;
      case "POST /apis/authorization.k8s.io/v1/subjectaccessreviews": {
        const { spec } = (await json(request)) as { spec: ReviewSpec };
        this.reviews.push(spec);
        try {
          say(201, { status: { allowed: this.allows(spec), reason: "as scripted" } });
        } catch {
          say(500, { message: "an error of the API server" });
        }
        return;
      }
      default:
        say(404, { message: `${request.method} ${request.url}` });
    }
  }
}
