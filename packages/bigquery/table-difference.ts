import type { BigQueryColumn, BigQueryTable } from "#events";

/** A table as the REST API describes it; every field may be missing. */
export interface FoundTable {
  readonly type?: string;
  readonly schema?: { readonly fields?: readonly FoundColumn[] };
  readonly timePartitioning?: {
    readonly type?: string;
    readonly field?: string;
    readonly expirationMs?: string;
  } | null;
  readonly clustering?: { readonly fields?: readonly string[] } | null;
}

export interface FoundColumn {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
}

/** Standard SQL names that the API may answer with. */
const LEGACY_NAMES: Readonly<Record<string, string>> = { INT64: "INTEGER", FLOAT64: "FLOAT", BOOL: "BOOLEAN" };

/**
 * Every way in which a table differs from what is needed, each as a sentence; empty if rows can be written and are kept
 * as meant. More columns are no difference as long as they may be NULL.
 */
export function tableDifferences(wanted: BigQueryTable, found: FoundTable): string[] {
  if (found.type !== undefined && found.type !== "TABLE") return [`it is a ${found.type}, not a TABLE`];
  return [
    ...columnDifferences(wanted.schema.fields, found.schema?.fields ?? []),
    ...partitioningDifferences(wanted.timePartitioning, found.timePartitioning ?? {}),
    ...difference("clustering", wanted.clustering.fields.join(", "), found.clustering?.fields?.join(", ")),
  ];
}

function columnDifferences(wanted: readonly BigQueryColumn[], found: readonly FoundColumn[]): string[] {
  const byName = new Map(found.map((column) => [column.name?.toLowerCase(), column]));
  const names = new Set(wanted.map(({ name }) => name.toLowerCase()));
  const missing = wanted.flatMap((column) => {
    const match = byName.get(column.name.toLowerCase());
    return match === undefined ? [`column ${column.name}: missing (${describe(column)})`] : differing(column, match);
  });
  const extra = found.filter(({ name, mode }) => mode === "REQUIRED" && !names.has(name?.toLowerCase() ?? ""));
  return [...missing, ...extra.map(({ name }) => `column ${name ?? "?"}: REQUIRED, but nothing is written to it`)];
}

function differing(wanted: BigQueryColumn, found: FoundColumn): string[] {
  const [is, wants] = [describe(found), describe(wanted)];
  return is === wants ? [] : [`column ${wanted.name}: is ${is}, must be ${wants}`];
}

function describe({ type = "?", mode }: FoundColumn): string {
  return `${LEGACY_NAMES[type] ?? type} ${mode ?? "NULLABLE"}`;
}

function partitioningDifferences(
  wanted: BigQueryTable["timePartitioning"],
  found: NonNullable<FoundTable["timePartitioning"]>,
): string[] {
  return [
    ...difference("partitioning", `${wanted.type} of ${wanted.field}`, partitioning(found)),
    ...difference("expiration of partitions (ms)", wanted.expirationMs, found.expirationMs),
  ];
}

function partitioning({ type, field }: NonNullable<FoundTable["timePartitioning"]>): string | undefined {
  return type === undefined ? undefined : `${type} of ${field ?? "the ingestion time"}`;
}

function difference(what: string, wanted: string, found: string | undefined): string[] {
  return wanted === (found ?? "") ? [] : [`${what}: is ${found ?? "not set"}, must be ${wanted}`];
}
