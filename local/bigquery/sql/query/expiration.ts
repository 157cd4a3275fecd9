import { partitionFieldOf, type PartitionGranularity, type Table } from "../../schema/table.ts";
import { civilText, dateLiteral, timestampSql } from "../types/literal.ts";
import { quoteName } from "../../schema/duck-text.ts";

const HOUR_MICROS = 3_600_000_000n;
const DAY_MICROS = 24n * HOUR_MICROS;

/**
 * The condition of rows whose partition has not expired, or undefined if partitions never do: a comparison of the bare
 * column with a constant, so that DuckDB can skip row groups.
 *
 * Source: https://cloud.google.com/bigquery/docs/managing-partitioned-tables#partition-expiration
 */
export function livePartitions(table: Table, nowMicros: bigint): string | undefined {
  const { partitioning } = table;
  if (partitioning?.expirationMs === undefined) return undefined;
  const field = partitionFieldOf(table);
  if (field === undefined) return undefined;
  const cutOff = oldestLiveStart(
    partitioning.granularity,
    nowMicros - BigInt(Math.trunc(partitioning.expirationMs)) * 1000n,
  );
  const column = quoteName(field.name);
  return `${column} IS NULL OR ${column} >= ${cutOffSql(field.type, cutOff)}`;
}

function cutOffSql(type: string, micros: bigint): string {
  if (type === "DATE") return dateLiteral(Number(micros / DAY_MICROS) + (micros % DAY_MICROS < 0n ? -1 : 0));
  return type === "DATETIME" ? `CAST('${civilText(micros)}' AS TIMESTAMP)` : timestampSql(micros);
}

/** The first start of a partition after `micros`: a partition is live while its start plus the expiration is in the future. */
export function oldestLiveStart(granularity: PartitionGranularity, micros: bigint): bigint {
  if (granularity === "HOUR") return nextMultiple(micros, HOUR_MICROS);
  if (granularity === "DAY") return nextMultiple(micros, DAY_MICROS);
  const civil = civilText(micros);
  const [year, month] = [Number(civil.slice(0, 4)), Number(civil.slice(5, 7))];
  return BigInt(granularity === "YEAR" ? Date.UTC(year + 1, 0) : Date.UTC(year, month)) * 1000n;
}

function nextMultiple(micros: bigint, unit: bigint): bigint {
  const rest = ((micros % unit) + unit) % unit;
  return micros - rest + unit;
}
