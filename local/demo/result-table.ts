import Table from "cli-table3";

/** Rows of a query as text, the columns in the order of the first row. */
export function resultTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return "(no rows)";
  const columns = Object.keys(first);
  const table = new Table({ head: columns, style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(columns.map((column) => cellText(row[column])));
  return `${table.toString()}\n(${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
}

/** Google's client wraps times as `{value}`. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (isWrapped(value)) return cellText(value.value);
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (typeof value === "string") return value;
  // JSON has no infinity.
  if (typeof value === "number") return String(value);
  return JSON.stringify(value, (_key, inner: unknown) => (isWrapped(inner) ? inner.value : inner));
}

function isWrapped(value: unknown): value is { value: unknown } {
  return typeof value === "object" && value !== null && "value" in value && Object.keys(value).length === 1;
}
