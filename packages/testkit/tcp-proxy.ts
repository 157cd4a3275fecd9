import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "#runtime";
import { freePort } from "./ports.ts";

/** Which way bytes flow. */
export type Direction = "toServer" | "toClient";

/** Sees every chunk before it goes on; may call the proxy's methods, for example to lose the answer to this request. */
export type ChunkObserver = (direction: Direction, chunk: Buffer) => void;

/**
 * A TCP proxy on loopback whose connections can be cut, stalled and slowed. Chunks that wait because of a stall are
 * bounded by TCP: the proxy stops reading.
 */
export class TcpProxy {
  readonly port: number;
  onChunk: ChunkObserver | undefined;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  readonly #stalled = new Map<Direction, PromiseWithResolvers<undefined>>();
  #refuses = false;
  #delayMs = 0;

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    this.#targetPort = targetPort;
    server.on("connection", (client) => this.#onConnection(client));
  }

  /** Listens at once, whether or not the target does. */
  static async start(targetPort: number, port?: number): Promise<TcpProxy> {
    const server = createServer();
    const ownPort = port ?? (await freePort());
    const proxy = new TcpProxy(server, ownPort, targetPort);
    server.listen(ownPort, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  /** Breaks every connection and refuses new ones until {@link heal}. Stalled bytes are lost. */
  cut(): void {
    this.#refuses = true;
    this.breakConnections();
  }

  /** Breaks every connection; new ones are welcome. Stalled bytes are lost. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Holds back what flows that way, on all connections, until {@link heal}. */
  stall(direction: Direction): void {
    if (!this.#stalled.has(direction)) this.#stalled.set(direction, Promise.withResolvers());
  }

  /** Adds this much to the way of each chunk. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Undoes {@link cut}, {@link stall} and {@link slow}. */
  heal(): void {
    this.#refuses = false;
    this.#delayMs = 0;
    const held = [...this.#stalled.values()];
    this.#stalled.clear();
    for (const { resolve } of held) resolve(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onConnection(client: Socket): void {
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, "127.0.0.1");
    void this.#pump(client, server, "toServer");
    void this.#pump(server, client, "toClient");
  }

  /** Copies until either end is gone, then takes the other with it. */
  async #pump(from: Socket, to: Socket, direction: Direction): Promise<void> {
    this.#sockets.add(from);
    from.setNoDelay(true);
    try {
      for await (const chunk of from) await this.#forward(chunk as Buffer, to, direction);
      to.end();
    } catch {
      to.destroy();
    } finally {
      this.#sockets.delete(from);
    }
  }

  async #forward(chunk: Buffer, to: Socket, direction: Direction): Promise<void> {
    this.onChunk?.(direction, chunk);
    if (this.#delayMs > 0) await systemClock.sleep(this.#delayMs);
    await this.#stalled.get(direction)?.promise;
    if (!to.destroyed && !to.write(chunk)) await Promise.race([once(to, "drain"), once(to, "close")]);
  }
}
