import type { Sample } from "./samples.ts";

/** Counts of a histogram up to each bound, both ascending; the last bound is infinite. */
export type Buckets = ReadonlyMap<number, number>;

/** The buckets of a histogram, of all its series together. */
export function bucketsOf(samples: readonly Sample[], name: string): Buckets {
  const buckets = new Map<number, number>();
  for (const { name: found, labels, value } of samples) {
    if (found !== `${name}_bucket`) continue;
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return new Map([...buckets].toSorted(([a], [b]) => a - b));
}

/** What came in between two looks at the same histogram. */
export function since(earlier: Buckets, later: Buckets): Buckets {
  return new Map([...later].map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]));
}

/**
 * The value below which a share of all lies, straight within a bucket, as Prometheus's histogram_quantile has it
 * (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile). Beyond the last finite bound
 * that bound is the answer. `undefined` if nothing was counted.
 */
export function quantile(buckets: Buckets, share: number): number | undefined {
  const count = Math.max(0, ...buckets.values());
  if (count === 0) return undefined;
  const wanted = share * count;
  let [lowerBound, lowerCount] = [0, 0];
  for (const [bound, upTo] of buckets) {
    if (upTo >= wanted && upTo > lowerCount) {
      if (bound === Infinity) return lowerBound;
      return lowerBound + ((bound - lowerBound) * (wanted - lowerCount)) / (upTo - lowerCount);
    }
    [lowerBound, lowerCount] = [bound, upTo];
  }
  return lowerBound;
}
