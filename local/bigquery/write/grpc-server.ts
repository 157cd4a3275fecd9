import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import {
  type ConnectionInjector,
  type Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { tokenMatches } from "../bearer.ts";
import { bigQueryWriteService, CODE } from "./protocol.ts";
import { writeServiceHandlers, type WriteServiceOptions } from "./write-service.ts";

export interface GrpcServerOptions extends Omit<WriteServiceOptions, "resetPeer"> {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Refuses calls without `authorization: Bearer <token>`. */
  readonly bearerToken?: string;
}

/** grpc-js refuses over 4 MiB by default; a request that is too large shall get BigQuery's own answer instead. */
const MAX_RECEIVE_BYTES = 32 * 1024 * 1024;

/**
 * The gRPC listener. It owns its sockets, and hands them to grpc-js, so that a test's fault can reset one of them as a
 * broken network would.
 */
export class GrpcServer {
  readonly #grpc: Server;
  readonly #injector: ConnectionInjector;
  readonly #listener: NetServer;
  readonly #sockets = new Map<string, Socket>();

  static async start(options: GrpcServerOptions): Promise<GrpcServer> {
    const server = new GrpcServer(options);
    server.#listener.listen(options.port, options.host);
    await once(server.#listener, "listening");
    return server;
  }

  private constructor(options: GrpcServerOptions) {
    this.#grpc = new Server({
      "grpc.max_receive_message_length": MAX_RECEIVE_BYTES,
      "grpc.max_send_message_length": -1,
      interceptors: options.bearerToken === undefined ? [] : [requireBearer(options.bearerToken)],
    });
    const resetPeer = (peer: string): void => void this.#sockets.get(peer)?.resetAndDestroy();
    this.#grpc.addService(bigQueryWriteService, writeServiceHandlers({ ...options, resetPeer }));
    this.#injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer((socket) => this.#take(socket));
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Takes no new calls, lets those under way go on for `graceMs`, then cuts them. */
  async stop(graceMs: number): Promise<void> {
    this.#listener.close();
    this.#injector.drain(graceMs);
    if (this.#sockets.size > 0) await once(this.#listener, "close");
    this.#injector.destroy();
    this.#grpc.forceShutdown();
  }

  #take(socket: Socket): void {
    const peer = `${socket.remoteAddress ?? ""}:${socket.remotePort ?? 0}`;
    this.#sockets.set(peer, socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(peer));
    this.#injector.injectConnection(socket);
  }
}

function requireBearer(token: string): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            if (tokenMatches(bearerToken(metadata), token)) pass(metadata);
            else call.sendStatus({ code: CODE.UNAUTHENTICATED, details: "missing or wrong bearer token" });
          },
        });
      },
    });
}

function bearerToken(metadata: Metadata): string | undefined {
  return /^Bearer (.+)$/i.exec(String(metadata.get("authorization")[0] ?? ""))?.[1];
}
