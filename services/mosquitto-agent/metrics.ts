import type { Registry } from "prom-client";
import { scrapedMetrics } from "#runtime";
import type { BrokerFacts } from "./broker-check.ts";
import type { BrokerUsage } from "./broker-usage.ts";

/** What the agent knows when it is scraped. */
export interface AgentState {
  readonly isUp: boolean;
  readonly isRefused: boolean;
  readonly facts: BrokerFacts;
  /** `undefined` before the first look. */
  readonly usage: BrokerUsage | undefined;
  readonly reloads: number;
}

/** Registers the agent's metrics; the broker's own counts are those of the last check that succeeded, and none before it. */
export function agentMetrics(registry: Registry, read: () => AgentState): void {
  const { counter, gauge } = scrapedMetrics(registry, "mosquitto");
  // Of a broker that was heard, what it does not publish has not happened yet.
  const fact = (topic: string) => (): number | undefined => {
    const { facts } = read();
    return facts.size === 0 ? undefined : (facts.get(`$SYS/broker/${topic}`) ?? 0);
  };
  gauge("up", "1 while the broker answers, be it with a refusal of the agent, else 0.", () => (read().isUp ? 1 : 0));
  gauge(
    "agent_refused",
    "1 while the broker answers and the agent is wrong: its login, or the CA that it trusts.",
    () => (read().isRefused ? 1 : 0),
  );
  counter("agent_reloads_total", "Times that the broker was told to read its files again.", () => read().reloads);
  gauge("clients_connected", "Clients with a connection.", fact("clients/connected"));
  gauge("messages_stored", "Messages that the broker holds, retained ones included.", fact("store/messages/count"));
  gauge("messages_stored_bytes", "Bytes of these payloads.", fact("store/messages/bytes"));
  counter("publish_received_total", "Messages published to the broker.", fact("publish/messages/received"));
  counter("publish_sent_total", "Messages that the broker gave to subscribers.", fact("publish/messages/sent"));
  counter(
    "publish_dropped_total",
    "Messages that the broker threw away: a queue was full.",
    fact("publish/messages/dropped"),
  );
  counter(
    "process_cpu_seconds_total",
    "CPU time of the broker's own process; `process_cpu_seconds_total` is the agent's.",
    () => read().usage?.cpuSeconds,
  );
  gauge(
    "process_resident_memory_bytes",
    "Resident memory of the broker's own process, 0 while there is none.",
    () => read().usage?.residentBytes,
  );
}
