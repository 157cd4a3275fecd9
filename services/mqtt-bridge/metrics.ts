import { Counter, Histogram, type Registry } from "prom-client";
import { rejectionReasons } from "#events";
import { scrapedMetrics } from "#runtime";
import type { Bridge, BridgeEvents } from "./bridge.ts";

/** Upper ends in seconds: one round trip on a good day is a few milliseconds; the last ones are an outage. */
const SEND_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const SEND_RECORDS = [1, 3, 10, 30, 100, 300, 1000, 3000];

/** Registers what the bridge tells by itself; every series exists from the first scrape on. */
export function eventMetrics(registry: Registry): BridgeEvents {
  const registers = [registry];
  const readings = new Counter({ name: "bridge_readings_total", help: "Readings that Kafka confirmed.", registers });
  const deadLetters = new Counter({
    name: "bridge_dead_letters_total",
    help: "Dead letters that Kafka confirmed.",
    registers,
  });
  const rejected = new Counter({
    name: "bridge_rejected_total",
    help: "Messages that are no valid readings, by reason.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of Object.keys(rejectionReasons)) rejected.inc({ reason }, 0);
  const seconds = new Histogram({
    name: "bridge_send_seconds",
    help: "Time from the start of a send to its confirmation.",
    buckets: SEND_SECONDS,
    registers,
  });
  const records = new Histogram({
    name: "bridge_send_records",
    help: "Records of a send.",
    buckets: SEND_RECORDS,
    registers,
  });
  return {
    onRejected: (reason) => rejected.inc({ reason }),
    onSent: (parcel, durationMs) => {
      readings.inc(parcel.readings);
      deadLetters.inc(parcel.deadLetters);
      seconds.observe(durationMs / 1000);
      records.observe(parcel.readings + parcel.deadLetters);
    },
  };
}

/** Registers what is read from the bridge at each scrape, so that the messages themselves pay nothing for it. */
export function stateMetrics(registry: Registry, { subscriber, producer }: Bridge): void {
  const { counters } = subscriber;
  const { counter, gauge } = scrapedMetrics(registry, "bridge");
  counter("received_total", "Messages taken from the broker.", () => counters.received);
  counter("redelivered_total", "Of these, delivered before (flag DUP).", () => counters.redelivered);
  counter("pubacks_total", "PUBACKs written.", () => counters.pubacksWritten);
  counter(
    "pubacks_dropped_total",
    "Confirmed messages whose connection was gone: the broker delivers them again.",
    () => counters.pubacksDropped,
  );
  counter("mqtt_connections_total", "Connections to the broker.", () => counters.connections);
  counter("mqtt_holds_total", "Times that a bound stopped the reading of the socket.", () => counters.holds);
  counter(
    "mqtt_retreats_total",
    "Disconnects on purpose because Kafka was silent for too long.",
    () => counters.retreats,
  );
  counter(
    "producer_replacements_total",
    "Producers replaced after a rejected send: each may have stored its batch twice.",
    () => producer.replacements,
  );
  gauge("outstanding_messages", "Messages taken and not acknowledged.", () => subscriber.outstanding);
  gauge("outstanding_bytes", "Payload bytes of these.", () => subscriber.outstandingBytes);
  gauge("mqtt_connected", "1 while the broker delivers, else 0.", () => (subscriber.state === "connected" ? 1 : 0));
}
