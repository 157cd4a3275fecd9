import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { portOf } from "#testkit";

export interface StandInAnswers {
  readonly connackCode?: number;
  readonly subackCode: number;
  /** A DISCONNECT with this reason code follows the SUBACK. */
  readonly disconnectCode?: number;
}

const [CONNECT, CONNACK, SUBSCRIBE, SUBACK, DISCONNECT] = [0x10, 0x20, 0x82, 0x90, 0xe0];

/** Says what Mosquitto 2.0 cannot be made to say: reason codes of CONNACK, SUBACK and DISCONNECT (MQTT 5.0, section 3). */
export class StandInBroker {
  connections = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answers: StandInAnswers): Promise<StandInBroker> {
    const server = createServer();
    const broker = new StandInBroker(server);
    server.on("connection", (socket) => {
      broker.connections += 1;
      socket.on("error", () => undefined);
      socket.on("data", (packet) => answer(socket, packet, answers));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${portOf(this.#server)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** MQTT.js writes each of its few packets at once, so a chunk is a packet. */
function answer(socket: Socket, packet: Buffer, { connackCode = 0, subackCode, disconnectCode }: StandInAnswers): void {
  if (packet[0] === CONNECT) socket.write(Buffer.from([CONNACK, 3, 0, connackCode, 0]));
  if (packet[0] === DISCONNECT) socket.end();
  if (packet[0] !== SUBSCRIBE) return;
  socket.write(Buffer.from([SUBACK, 4, packet[2]!, packet[3]!, 0, subackCode]));
  if (disconnectCode !== undefined) socket.end(Buffer.from([DISCONNECT, 1, disconnectCode]));
}
