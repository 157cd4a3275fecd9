import { connect } from "node:net";
import type { Clock } from "#runtime";

/** Ports registered for MQTT: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901285 */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };

/**
 * Whether somebody takes TCP connections at the URL's host and port. A plain connect, no login: the login may be what the
 * broker does not know yet.
 */
export function acceptsConnections(
  url: string,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connect({ host, port: Number(port || DEFAULT_PORTS[protocol]), signal });
    const timer = clock.setTimer(timeoutMs, () => socket.destroy());
    socket.once("connect", () => {
      resolve(true);
      socket.destroy();
    });
    // A refusal, an unknown host, the signal: "close" follows.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      timer.clear();
      resolve(false);
    });
  });
}
