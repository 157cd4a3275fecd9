import { Counter, Gauge, type Registry } from "prom-client";

/** Registers one metric, and reads its value whenever it is scraped. */
export type ScrapedMetric = (name: string, help: string, read: () => number) => void;

/**
 * Metrics that are read from their owner at each scrape, so that the work itself pays nothing for them. Names get the
 * prefix of their program and an underscore.
 */
export function scrapedMetrics(registry: Registry, prefix: string): { counter: ScrapedMetric; gauge: ScrapedMetric } {
  const registers = [registry];
  return {
    counter: (name, help, read) => {
      const metric = new Counter({ name: `${prefix}_${name}`, help, registers, collect: () => update() });
      // A counter can only be added to, and its owner knows the sum.
      const update = (): void => {
        metric.reset();
        metric.inc(read());
      };
    },
    gauge: (name, help, read) => {
      const metric = new Gauge({ name: `${prefix}_${name}`, help, registers, collect: () => update() });
      const update = (): void => metric.set(read());
    },
  };
}
