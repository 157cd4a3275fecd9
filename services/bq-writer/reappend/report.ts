import type { GoingBack } from "./reappend.ts";

/** What a person reads at the end. */
export function reportText(partitions: readonly GoingBack[], isDryRun: boolean): string {
  const total = partitions.reduce((sum, { records }) => sum + records, 0);
  if (total === 0) return "Nothing to append again: no record since then was written.\n";
  return [
    ...partitions.map(
      ({ partition, offset, records }) => `  partition ${partition}: ${records} records from offset ${offset}`,
    ),
    `${total} records ${isDryRun ? "would be" : "will be"} appended again, as soon as a writer runs.`,
    "",
  ].join("\n");
}
