import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { portOf } from "#testkit";

/** The PUBACK's reason code for publish number `n` of this broker, from 0. */
export type Script = (n: number) => number;

const [CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT] = [0x10, 0x20, 0x30, 0x40, 0xe0];

/**
 * Answers publishes as a test wants: reason codes (MQTT 5.0, section 3.4.2.1) at moments at which a real broker gives
 * them only by chance.
 */
export class ScriptedBroker {
  /** Payloads whose PUBACK said 0, in order. */
  readonly accepted: string[] = [];
  readonly #server: Server;
  readonly #connackCode: number;
  readonly #sockets = new Set<Socket>();
  #publishes = 0;

  private constructor(server: Server, script: Script, connackCode: number) {
    this.#server = server;
    this.#connackCode = connackCode;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      let unread = Buffer.alloc(0);
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        unread = Buffer.concat([unread, chunk]);
        for (let end = packetEnd(unread); end <= unread.length; end = packetEnd(unread)) {
          this.#answer(socket, unread.subarray(0, end), script);
          unread = unread.subarray(end);
        }
      });
    });
  }

  static async start(script: Script, connackCode = 0): Promise<ScriptedBroker> {
    const server = createServer();
    const broker = new ScriptedBroker(server, script, connackCode);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${portOf(this.#server)}`;
  }

  /** A DISCONNECT with this reason code to everybody. */
  disconnect(reasonCode: number): void {
    for (const socket of this.#sockets) socket.end(Buffer.from([DISCONNECT, 1, reasonCode]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(socket: Socket, packet: Buffer, script: Script): void {
    const type = packet[0]! & 0xf0;
    if (type === CONNECT) socket.write(Buffer.from([CONNACK, 3, 0, this.#connackCode, 0]));
    if (type === (DISCONNECT & 0xf0)) socket.end();
    if (type !== PUBLISH) return;
    const start = 1 + lengthBytes(packet);
    const idAt = start + 2 + packet.readUInt16BE(start);
    const code = script(this.#publishes++);
    // No properties: one byte that says so.
    if (code === 0) this.accepted.push(packet.subarray(idAt + 3).toString());
    socket.write(Buffer.from([PUBACK, 3, packet[idAt]!, packet[idAt + 1]!, code]));
  }
}

/** How many bytes the length of a packet takes: MQTT 5.0, section 1.5.5. */
function lengthBytes(packet: Buffer): number {
  return packet.subarray(1, 5).findIndex((byte) => byte < 128) + 1;
}

/** Where the first packet ends; `Infinity`: not known yet. */
function packetEnd(bytes: Buffer): number {
  const count = bytes.length < 2 ? 0 : lengthBytes(bytes);
  if (count === 0) return Infinity;
  const length = bytes.subarray(1, 1 + count).reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
  return 1 + count + length;
}
