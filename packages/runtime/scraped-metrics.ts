import { Counter, Gauge, type Registry } from "prom-client";

/**
 * Registers one metric, and reads its value whenever it is scraped. While that is `undefined` there is no series: a counter
 * that is 0 before it is known would look as if all of it had happened at once.
 */
export type ScrapedMetric = (name: string, help: string, read: () => number | undefined) => void;

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
        const value = read();
        metric.reset();
        if (value === undefined) metric.remove();
        else metric.inc(value);
      };
    },
    gauge: (name, help, read) => {
      const metric = new Gauge({ name: `${prefix}_${name}`, help, registers, collect: () => update() });
      const update = (): void => {
        const value = read();
        if (value === undefined) metric.remove();
        else metric.set(value);
      };
    },
  };
}
