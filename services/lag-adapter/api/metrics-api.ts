import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { listenError, type Clock, type Logger, type Readiness } from "#runtime";
import type { AccessReviews } from "./access-reviews.ts";
import { actionOf } from "./access-reviews.ts";
import { authenticate, peerOf, refusals, type Peer, type Refusal } from "./authenticate.ts";
import type { KeyPair } from "./certificate-files.ts";
import {
  apiGroup,
  apiGroupList,
  failure,
  metricValues,
  resourceList,
  type Answer,
  type Series,
} from "./external-metrics.ts";
import { openApi } from "./openapi.ts";
import { certificatesOf, type RequestHeaderConfig, type User } from "./request-header.ts";
import { acceptsJson, routeOf, type Route } from "./routes.ts";

/** What happens, for metrics. */
export interface ApiEvents {
  onAnswer(code: number, durationMs: number): void;
  onRefused(reason: Refusal | "forbidden" | "review_failed"): void;
}

export interface MetricsApiOptions {
  readonly host: string;
  /** 0 takes any free one; see {@link MetricsApi.port}. */
  readonly port: number;
  readonly series: readonly Series[];
  readonly reviews: Pick<AccessReviews, "review">;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ApiEvents;
}

/** The aggregator keeps idle connections for 90 s; who closes them earlier makes it fail now and then. */
const KEEP_ALIVE_MS = 120_000;
/** Head of a request. It has no body that would be read. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 500;
const STOP_MS = 1000;

/**
 * Serves `external.metrics.k8s.io/v1beta1` to the API server's aggregator, and to nobody else: who asks is authenticated
 * by {@link authenticate}, then the API server is asked whether that user may. Every doubt is a no. The values come from
 * memory; nothing here waits for Kafka. `/healthz`, `/livez` and `/readyz` answer everybody.
 *
 * No handshake succeeds until {@link trust} was called for the first time.
 */
export class MetricsApi {
  readonly #options: MetricsApiOptions;
  readonly #server: Server;
  readonly #peers = new WeakMap<TLSSocket, Peer>();
  #config: RequestHeaderConfig | undefined;
  #authorities: readonly X509Certificate[] = [];

  private constructor(options: MetricsApiOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        requestCert: true,
        rejectUnauthorized: false,
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on("tlsClientError", (err) => options.log.debug({ err }, "a handshake failed"));
  }

  /** @throws StartError when the port is taken. */
  static async start(options: MetricsApiOptions): Promise<MetricsApi> {
    const api = new MetricsApi(options);
    api.#server.listen(options.port, options.host);
    await once(api.#server, "listening").catch((error: unknown) => {
      throw listenError({ portName: "API_PORT", hostName: "API_HOST", ...options }, error);
    });
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * From now on shows that certificate and believes that configuration. Another certificate authority ends every
   * connection: those that are there were checked against the one before.
   */
  trust({ cert, key }: KeyPair, config: RequestHeaderConfig): void {
    const isOther = this.#config !== undefined && this.#config.ca !== config.ca;
    this.#config = config;
    this.#authorities = certificatesOf(config.ca);
    this.#server.setSecureContext({ cert, key, ca: config.ca });
    if (isOther) this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = this.#options.clock.setTimer(STOP_MS, () => this.#server.closeAllConnections());
    await closed;
    timer.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, log, events } = this.#options;
    const startMs = clock.monotonicMs();
    const { url = "" } = request;
    const [path = "", query = ""] = url.split("?", 2);
    const route = routeOf(path);
    if (route.kind === "health") {
      this.#serveHealth(path, response);
      return;
    }
    const answer = await this.#answer(request, route, path, new URLSearchParams(query)).catch((err: unknown) => {
      log.error({ err, path }, "a request failed");
      return failure(500, "InternalError", "an error of this server; its log says more");
    });
    send(response, answer.status, "application/json", `${JSON.stringify(answer.body)}\n`);
    events.onAnswer(answer.status, clock.monotonicMs() - startMs);
  }

  #serveHealth(path: string, response: ServerResponse): void {
    const { readiness } = this.#options;
    const isGood = path !== "/readyz" || readiness.isReady;
    send(response, isGood ? 200 : 503, "text/plain", isGood ? "ok" : Object.values(readiness.reasons()).join("\n"));
  }

  async #answer(request: IncomingMessage, route: Route, path: string, query: URLSearchParams): Promise<Answer> {
    const { events, clock } = this.#options;
    // A connection is there, so there is a configuration.
    const config = this.#config as RequestHeaderConfig;
    const peer = this.#peer(request.socket);
    const who = authenticate(peer, request.headersDistinct, config, clock.nowMs());
    if ("refusal" in who) {
      events.onRefused(who.refusal);
      return failure(401, "Unauthorized", refusals[who.refusal]);
    }
    if (route.kind === "unknown") return failure(404, "NotFound", `nothing is served at ${path}`);
    if (request.method !== "GET" || isWatch(query))
      return failure(405, "MethodNotAllowed", "only GET is served, and no watch");
    if (!acceptsJson(request.headers.accept))
      return failure(406, "NotAcceptable", "only application/json is served, without a conversion");
    return (await this.#forbidden(who.user, route, path)) ?? this.#content(route, query);
  }

  #peer(socket: Socket): Peer {
    if (!(socket instanceof TLSSocket)) return { certificate: undefined, isTrusted: false };
    const known = this.#peers.get(socket) ?? peerOf(socket, this.#authorities, this.#options.clock.nowMs());
    this.#peers.set(socket, known);
    return known;
  }

  /** An answer if the user may not, or if that cannot be known. */
  async #forbidden(user: User, route: Route, path: string): Promise<Answer | undefined> {
    const { reviews, events, log } = this.#options;
    const what = route.kind === "values" ? `list ${route.metric} in the namespace ${route.namespace}` : `get ${path}`;
    try {
      const { isAllowed, reason } = await reviews.review(user, actionOf(route, path));
      if (isAllowed) return undefined;
      events.onRefused("forbidden");
      return failure(403, "Forbidden", [`User "${user.user}" cannot ${what}`, reason].filter(Boolean).join(": "));
    } catch (err) {
      events.onRefused("review_failed");
      log.warn({ err }, "the API server could not be asked who may do what: refused");
      return failure(503, "ServiceUnavailable", "the API server could not be asked whether this is allowed");
    }
  }

  #content(route: Route, query: URLSearchParams): Answer {
    const { series } = this.#options;
    switch (route.kind) {
      case "groups":
        return { status: 200, body: apiGroupList };
      case "group":
        return { status: 200, body: apiGroup };
      case "version":
        return { status: 200, body: resourceList(series) };
      case "openapi":
        return { status: 200, body: openApi };
      case "values":
        return metricValues(series, route.metric, query.get("labelSelector") ?? "");
      default:
        throw new Error(`nothing is served for ${route.kind}`);
    }
  }
}

/** As API servers read it: anything but a plain no is a yes. */
function isWatch(query: URLSearchParams): boolean {
  const watch = query.get("watch");
  return watch !== null && !["false", "0"].includes(watch.toLowerCase());
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-cache, private",
    "x-content-type-options": "nosniff",
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
