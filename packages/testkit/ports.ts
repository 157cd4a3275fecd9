import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";

/**
 * Where ports are looked for: below the range from which Linux takes the ports of outgoing connections (32768 and up,
 * /proc/sys/net/ipv4/ip_local_port_range). A server that is down can so not lose its port to a client that keeps
 * trying to reach it.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** Ports given out by this process; another process is told apart by the attempt to listen, and by chance. */
const given = new Set<number>();

/** As many loopback ports as asked for, all different, nobody listening on them now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

/** One port of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    await close(server);
    return true;
  } catch {
    return false;
  }
}

/** The port on which a server listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
