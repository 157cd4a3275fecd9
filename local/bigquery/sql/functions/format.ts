import { unsupported } from "../syntax/node.ts";
import { checkUtc } from "./civil.ts";
import { type CallInfo, type Emit, scalars } from "./entry.ts";
import { quoteText } from "../../schema/duck-text.ts";

/** Format elements that DuckDB's strftime has with the same meaning, or that consist of such. */
const SAME: Readonly<Record<string, string>> = {
  "%Y": "%Y",
  "%m": "%m",
  "%d": "%d",
  "%H": "%H",
  "%M": "%M",
  "%S": "%S",
  "%y": "%y",
  "%j": "%j",
  "%a": "%a",
  "%A": "%A",
  "%b": "%b",
  "%B": "%B",
  "%I": "%I",
  "%p": "%p",
  "%F": "%Y-%m-%d",
  "%T": "%H:%M:%S",
  "%R": "%H:%M",
  "%D": "%m/%d/%y",
  "%E6S": "%S.%f",
  "%E3S": "%S.%g",
  "%%": "%%",
};
const PARSED: Readonly<Record<string, string>> = {
  "%Y": "\\d{4}",
  "%m": "\\d{2}",
  "%d": "\\d{2}",
  "%H": "\\d{2}",
  "%M": "\\d{2}",
  "%S": "\\d{2}",
};
const DATE_ONLY = /%(?:Y|m|d|y|j|a|A|b|B|F|D|%)/g;
const ELEMENT = /%(?:E(?:\d|\*)?[A-Za-z]|[A-Za-z%])/g;

function formatOf(call: CallInfo): string {
  const [format] = call.values;
  if (format?.literal !== "string" || format.text === undefined)
    throw unsupported("argument", "format that is no string literal");
  return format.text;
}

/** A format in DuckDB's spelling. Elements that are not proven equal are refused. */
function translated(format: string): string {
  return format.replace(ELEMENT, (element) => {
    const same = SAME[element];
    if (same === undefined) throw unsupported("format element", element);
    return same;
  });
}

const formatted =
  (civil: (arg: string) => string, kind: "date" | "time" | "both"): Emit =>
  ([, value = ""], call) => {
    checkUtc(call, 2);
    const format = formatOf(call);
    if (kind === "date" && format.replace(DATE_ONLY, "").includes("%"))
      throw unsupported("format element", "of a time in FORMAT_DATE");
    return `strftime(${civil(value)}, ${quoteText(translated(format))})`;
  };

/** Only texts with every digit written out are read; others may be valid in BigQuery and end in an error here. */
const parsed =
  (type: string, isDate: boolean): Emit =>
  ([, text = ""], call) => {
    checkUtc(call, 2);
    const format = formatOf(call).replaceAll("%F", "%Y-%m-%d").replaceAll("%T", "%H:%M:%S");
    if (isDate && /%[HMS]/.test(format)) throw unsupported("format element", "of a time in PARSE_DATE");
    if (!format.includes("%Y") || /%[a-zA-Z%].*/.test(format.replace(/%[YmdHMS]/g, "")))
      throw unsupported("format", format);
    const pattern = format
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/%[YmdHMS]/g, (element) => PARSED[element] ?? "");
    const message = `'this text is not supported by the embedded BigQuery for the format: ' || ${text}`;
    const read = `CAST(strptime(${text}, ${quoteText(format)}) AS ${type})`;
    return `CASE WHEN regexp_full_match(${text}, ${quoteText(pattern)}) THEN ${read} WHEN ${text} IS NOT NULL THEN CAST(error(${message}) AS ${type}) END`;
  };

const civilOf = (arg: string): string => `CAST(${arg} AS TIMESTAMP)`;

/**
 * Formatting and parsing of dates and times.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time
 */
export const FORMATS = [
  ...scalars("timestamp_functions", [
    ["FORMAT_TIMESTAMP(STRING, TIMESTAMP[, STRING]) -> STRING", formatted(civilOf, "both")],
    ["PARSE_TIMESTAMP(STRING, STRING[, STRING]) -> TIMESTAMP", parsed("TIMESTAMPTZ", false)],
  ]),
  ...scalars("date_functions", [
    ["FORMAT_DATE(STRING, DATE) -> STRING", formatted((arg) => arg, "date")],
    ["PARSE_DATE(STRING, STRING) -> DATE", parsed("DATE", true)],
  ]),
  ...scalars("datetime_functions", [
    ["FORMAT_DATETIME(STRING, DATETIME) -> STRING", formatted((arg) => arg, "both")],
    ["PARSE_DATETIME(STRING, STRING) -> DATETIME", parsed("TIMESTAMP", false)],
  ]),
];
