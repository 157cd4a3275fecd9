import fc from "fast-check";
import { MAX_MICROS, MIN_MICROS } from "../../schema/civil-time.ts";
import { FIELD_TYPES } from "../../schema/field.ts";
import { formatDate, formatDatetime, formatTime } from "../civil-format.ts";
import { formatDecimal } from "../../schema/decimal-text.ts";

const SCALARS = FIELD_TYPES.filter((type) => type !== "RECORD");
const members = SCALARS.map((type) => ({ name: `f_${type.toLowerCase()}`, type, mode: "NULLABLE" }));

/** A column of every type, alone, repeated and inside records; `n` orders the rows. */
export const COLUMNS = [
  { name: "n", type: "INTEGER", mode: "REQUIRED" },
  ...members,
  ...members.map(({ name, type }) => ({ name: `${name}_list`, type, mode: "REPEATED" })),
  { name: "f_record", type: "RECORD", mode: "NULLABLE", fields: members },
  { name: "f_records", type: "RECORD", mode: "REPEATED", fields: members },
];

/** A row as it is compared: every value by its exact text, TIMESTAMPs to the microsecond, FLOATs as numbers. */
export type PlainRow = Record<string, unknown>;

const MAX_DAYS = 2_932_896;
const MIN_DAYS = -719_162;
const micros = fc.oneof(
  fc.bigInt({ min: MIN_MICROS, max: MAX_MICROS }),
  fc.constantFrom(MIN_MICROS, MAX_MICROS, 0n, -1n, 1_767_225_600_123_456n),
);
/** The client shows a fraction of a second before 1970 wrongly, so that random rows have whole seconds there. */
const clientMicros = micros.map((value) => (value < 0n ? value - (value % 1_000_000n) : value));
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 0n),
);
const scalars = {
  f_string: fc.string({ unit: "binary", maxLength: 20 }),
  f_bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  f_integer: int64.map(String),
  f_float: fc
    .oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, 0, 5e-324, 1.7976931348623157e308))
    .map((x) => x + 0),
  f_numeric: fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map((units) => formatDecimal(units, 9)),
  f_boolean: fc.boolean(),
  f_timestamp: clientMicros.map((value) => `${formatDatetime(value)}Z`),
  f_date: fc.integer({ min: MIN_DAYS, max: MAX_DAYS }).map(formatDate),
  f_time: fc.bigInt({ min: 0n, max: 86_399_999_999n }).map(formatTime),
  f_datetime: micros.map(formatDatetime),
  f_json: fc.jsonValue().map((value) => JSON.stringify(value)),
};
const nullable = fc.record(
  Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, fc.option<unknown>(value)])),
);
const lists = fc.record(
  Object.fromEntries(
    Object.entries(scalars).map(([name, value]) => [`${name}_list`, fc.array<unknown>(value, { maxLength: 3 })]),
  ),
);
/** A row without `n`, in the form that {@link plain} gives to what was read. */
export const arbitraryRow: fc.Arbitrary<PlainRow> = fc
  .tuple(nullable, lists, fc.option(nullable), fc.array(nullable, { maxLength: 3 }))
  .map(([one, many, f_record, f_records]) => ({ ...one, ...many, f_record, f_records }));

/** The row as JSON for insertAll: only numbers that JSON does not have need another spelling. */
export function sent(row: PlainRow): PlainRow {
  return JSON.parse(JSON.stringify(row, (_, value: unknown) => (isSpecial(value) ? String(value) : value))) as PlainRow;
}

/** What the client made of a row, back to the texts that the row was made of. */
export function plain(row: Record<string, unknown>): PlainRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(name, value)]));
}

function plainValue(name: string, value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((element) => plainValue(name, element));
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (name.startsWith("f_record")) return plain(value as Record<string, unknown>);
  if (name.startsWith("f_numeric")) return (value as { toFixed(): string }).toFixed();
  const text = (value as { value: string }).value;
  return name.startsWith("f_timestamp") ? sameDigits(text) : text;
}

/** The client pads fractions its own way (`.5Z`, `.000Z`); the rows here have six digits or none. */
function sameDigits(timestamp: string): string {
  const [whole = "", fraction = ""] = timestamp.replace("Z", "").split(".");
  const digits = fraction.padEnd(6, "0").slice(0, 6);
  return `${whole}${digits === "000000" ? "" : `.${digits}`}Z`;
}

function isSpecial(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}
