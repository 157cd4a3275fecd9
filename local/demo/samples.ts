/** One value of one time series, as `/metrics` writes it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads what this project's own programs write: https://prometheus.io/docs/instrumenting/exposition_formats/ without
 * escapes in label values, which they do not use.
 */
export function readSamples(text: string): Sample[] {
  return text
    .split("\n")
    .map((line) => /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = "", labels = "", value = ""]) => ({ name, labels: labelsOf(labels), value: numberOf(value) }));
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function numberOf(text: string): number {
  return text === "+Inf" ? Infinity : Number(text);
}

/** Sum of all series of that name, from all programs. */
export function total(samples: readonly Sample[], name: string): number {
  return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}
