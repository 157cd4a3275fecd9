/** What was seen at one moment. `undefined`: it could not be read then. */
export interface Sample {
  /** Seconds since the load began. */
  readonly second: number;
  /** Records a second into Kafka, over the minute before. */
  readonly inputPerSecond: number | undefined;
  /** As the autoscaler sees it. */
  readonly lag: number | undefined;
  /** Writers that the autoscaler wants. */
  readonly desired: number | undefined;
  readonly ready: number | undefined;
  /** Whether the fleet is on. */
  readonly isLoaded: boolean;
}

const COLUMNS = ["second", "inputPerSecond", "lag", "desired", "ready", "isLoaded"] as const;

/** With a head; what could not be read is empty. */
export function csv(samples: readonly Sample[]): string {
  const rows = samples.map((sample) => COLUMNS.map((column) => String(sample[column] ?? "")).join(","));
  return [COLUMNS.join(","), ...rows].join("\n") + "\n";
}

/** One line of the live view. */
export function line({ second, inputPerSecond, lag, desired, ready, isLoaded }: Sample): string {
  const minutes = `${Math.floor(second / 60)}:${String(Math.floor(second % 60)).padStart(2, "0")}`;
  const number = (value: number | undefined, width: number): string =>
    (value === undefined ? "?" : Math.round(value).toLocaleString("en")).padStart(width);
  return `${minutes.padStart(6)}  ${number(inputPerSecond, 7)}/s  lag ${number(lag, 9)}  writers ${ready ?? "?"} of ${desired ?? "?"}  ${isLoaded ? "load on" : "load off"}`;
}
