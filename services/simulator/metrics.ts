import { Counter, Histogram, type Registry } from "prom-client";
import { type FaultType, faultTypes } from "#fleets";
import { scrapedMetrics } from "#runtime";
import type { DeviceEvents } from "./device-runner.ts";
import type { FleetRunner } from "./fleet-runner.ts";
import type { Ledger } from "./ledger.ts";
import { publishOutcomes, type PublishOutcome } from "./publish-outcome.ts";

/** Upper ends in seconds: a good answer takes a few milliseconds; the last ones are an outage. */
const PUBLISH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** Registers what devices tell by themselves; every series exists from the first scrape on. */
export function eventMetrics(registry: Registry): Pick<DeviceEvents, "onMade" | "onPublished"> {
  const registers = [registry];
  const outcomes = Object.fromEntries(publishOutcomes.map((outcome) => [outcome, 0])) as Record<PublishOutcome, number>;
  const faults = Object.fromEntries(faultTypes.map((type) => [type, 0])) as Record<FaultType, number>;
  labelled(registry, "publishes_total", "Publishes that ended, by outcome.", "outcome", outcomes);
  labelled(registry, "faults_total", "Readings that a fault struck, by its type.", "type", faults);
  const seconds = new Histogram({
    name: "simulator_publish_seconds",
    help: "Time from a publish to its PUBACK, or to the end of its connection.",
    buckets: PUBLISH_SECONDS,
    registers,
  });
  return {
    onMade: ({ struck }) => {
      for (const type of struck) faults[type] += 1;
    },
    onPublished: (outcome, durationMs) => {
      outcomes[outcome] += 1;
      seconds.observe(durationMs / 1000);
    },
  };
}

function labelled(registry: Registry, name: string, help: string, label: string, counts: Record<string, number>): void {
  const metric = new Counter({
    name: `simulator_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect: () => update(),
  });
  const update = (): void => {
    metric.reset();
    for (const [value, count] of Object.entries(counts)) metric.inc({ [label]: value }, count);
  };
}

/** Registers what is read from fleet and ledger at each scrape, so that the readings themselves pay nothing for it. */
export function stateMetrics(registry: Registry, runner: FleetRunner, ledger: Ledger): void {
  const { counter, gauge } = scrapedMetrics(registry, "simulator");
  const { totals } = ledger;
  const { counters } = runner;
  gauge("devices", "Devices of this process.", () => runner.size);
  gauge("devices_on", "Of these, switched on by the stage.", () => runner.on);
  gauge("connected", "Devices with a connection.", () => runner.connected);
  gauge("refused", "Devices without a connection whose last login the broker refused.", () => runner.refused);
  counter("readings_made_total", "Readings made.", () => totals.made);
  counter("readings_sent_total", "Of these, published at least once.", () => totals.sent);
  counter("readings_acknowledged_total", "Of these, acknowledged as delivered.", () => totals.acknowledged);
  gauge("unacknowledged", "Readings made and not acknowledged.", () => ledger.waiting);
  counter("repeats_total", "Publishes beyond each reading's first.", () => totals.repeats);
  counter("not_made_total", "Readings not made because too many waited.", () => totals.notMade);
  counter("connections_total", "Connections to the broker.", () => counters.connections);
  counter("connections_lost_total", "Of these, ended by broker or network.", () => counters.connectionsLost);
  counter("connects_failed_total", "Connects that failed.", () => counters.connectsFailed);
}
