import { Counter, Gauge, type Registry } from "prom-client";
import type { Store } from "./engine/store.ts";

/** Every metric of the embedded BigQuery; all exist from the first scrape on. */
export interface BigQueryMetrics {
  readonly commits: Counter;
  readonly appends: Counter;
  readonly rows: Counter;
}

export function createMetrics(registry: Registry, store: Store): BigQueryMetrics {
  const registers = [registry];
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `embedded_bigquery_${name}`, help, registers });
  gauge(registers, "backlog_bytes", "Bytes of appends that wait for the database.", () => store.writer.backlogBytes);
  gauge(
    registers,
    "write_streams",
    "Write streams that are remembered, finalized ones included.",
    () => store.streams.size,
  );
  gauge(registers, "tables", "Tables and views.", () => store.catalog.allTables().length);
  return {
    commits: counter("commits_total", "Transactions that stored appends."),
    appends: counter("appends_total", "Appends that were stored."),
    rows: counter("rows_total", "Rows that were stored by appends."),
  };
}

function gauge(registers: Registry[], name: string, help: string, value: () => number): void {
  new Gauge({
    name: `embedded_bigquery_${name}`,
    help,
    registers,
    collect() {
      this.set(value());
    },
  });
}
