import { Counter, Gauge, type Registry } from "prom-client";
import type { BrokerFacts } from "./broker-check.ts";

/** What the agent knows when it is scraped. */
export interface AgentState {
  readonly isUp: boolean;
  readonly facts: BrokerFacts;
  readonly reloads: number;
}

/** The broker's own counts, by their topic below `$SYS/broker/`. */
const GAUGES = {
  "clients/connected": ["mosquitto_clients_connected", "Clients with a connection."],
  "store/messages/count": ["mosquitto_messages_stored", "Messages that the broker holds, retained ones included."],
  "store/messages/bytes": ["mosquitto_messages_stored_bytes", "Bytes of these payloads."],
} as const;

const COUNTERS = {
  "publish/messages/received": ["mosquitto_publish_received_total", "Messages published to the broker."],
  "publish/messages/sent": ["mosquitto_publish_sent_total", "Messages that the broker gave to subscribers."],
  "publish/messages/dropped": [
    "mosquitto_publish_dropped_total",
    "Messages that the broker threw away: a queue was full.",
  ],
} as const;

/** Registers the agent's metrics; the broker's values are those of the last check that succeeded. */
export function agentMetrics(registry: Registry, read: () => AgentState): void {
  const registers = [registry];
  gauge("mosquitto_up", "1 while the broker answers a real MQTT round trip, else 0.", () => (read().isUp ? 1 : 0));
  counter(
    "mosquitto_agent_reloads_total",
    "Times that the broker was told to read its files again.",
    () => read().reloads,
  );
  for (const [topic, [name, help]] of Object.entries(GAUGES)) gauge(name, help, () => fact(topic));
  for (const [topic, [name, help]] of Object.entries(COUNTERS)) counter(name, help, () => fact(topic));

  function fact(topic: string): number {
    return read().facts.get(`$SYS/broker/${topic}`) ?? 0;
  }
  function gauge(name: string, help: string, value: () => number): void {
    const metric: Gauge = new Gauge({ name, help, registers, collect: () => metric.set(value()) });
  }
  function counter(name: string, help: string, value: () => number): void {
    const metric: Counter = new Counter({
      name,
      help,
      registers,
      collect: () => {
        metric.reset();
        metric.inc(value());
      },
    });
  }
}
