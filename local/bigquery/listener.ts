import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "#runtime/clock";
import type { Express } from "express";

/** An HTTP server that is listening. */
export interface Listener {
  readonly port: number;
  /** Takes no new requests; those under way get `graceMs`, then their connections are cut. */
  close(): Promise<void>;
}

/** Rejects when the port is taken. */
export async function listen(
  app: Express,
  { host, port, graceMs, clock }: { host: string; port: number; graceMs: number; clock: Clock },
): Promise<Listener> {
  const server = createServer(app);
  server.listen(port, host);
  await once(server, "listening");
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    const cut = clock.setTimer(graceMs, () => server.closeAllConnections());
    await closed;
    cut.clear();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
