import { unsupported } from "../syntax/node.ts";
import { type Value } from "../types/value.ts";
import { type CallInfo, scalars } from "./entry.ts";
import { regexGroups } from "./regex.ts";
import { quoteText } from "../../schema/duck-text.ts";

/** The characters of Unicode's White_Space property. */
const WHITE_SPACE =
  "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";
const SPACES = quoteText(WHITE_SPACE);

/** A position before the string counts as its first character; a negative length is an error. */
function substr([s = "", position = "", length]: readonly string[]): string {
  const start = `CASE WHEN ${position} = 0 OR ${position} < -length(${s}) THEN 1 ELSE ${position} END`;
  if (length === undefined) return `substr(${s}, ${start})`;
  return `substr(${s}, ${start}, ${notNegative(length, "Third argument in SUBSTR()")})`;
}

function notNegative(sql: string, what: string): string {
  return `CASE WHEN ${sql} < 0 THEN CAST(error(${quoteText(`${what} cannot be negative`)}) AS BIGINT) ELSE ${sql} END`;
}

/** DuckDB makes a text of any length in one piece, beside its memory limit. */
const MAX_MADE_BYTES = 10_000_000;

/** `sql`, or an error if it would make a text of more than {@link MAX_MADE_BYTES}. */
function bounded(sql: string, bytes: string, name: string): string {
  const message = quoteText(`${name} of more than ${MAX_MADE_BYTES} bytes is not supported by the embedded BigQuery`);
  return `CASE WHEN CAST(${bytes} AS DOUBLE) > ${MAX_MADE_BYTES} THEN CAST(error(${message}) AS VARCHAR) ELSE ${sql} END`;
}

const pad =
  (duck: string) =>
  ([s = "", length = "", pattern = "' '"]: readonly string[]): string => {
    const count = `CAST(${notNegative(length, `Second argument in ${duck.toUpperCase()}()`)} AS INTEGER)`;
    const padded = bounded(`${duck}(${s}, ${count}, ${pattern})`, `${length} * 4`, duck.toUpperCase());
    return `CASE WHEN ${pattern} = '' THEN CAST(error('pattern must not be empty') AS VARCHAR) ELSE ${padded} END`;
  };

/** Letters of which each has one other case; elsewhere (ß) DuckDB maps single characters and BigQuery whole words. */
const simpleCase =
  (duck: string) =>
  ([s = ""]: readonly string[]): string => {
    const plain = `regexp_full_match(${s}, '[\\x00-\\x7f\\x{c0}-\\x{de}\\x{e0}-\\x{fe}\\x{400}-\\x{45f}]*')`;
    const message = quoteText(`${duck.toUpperCase()} of these letters is not supported by the embedded BigQuery: `);
    return `CASE WHEN ${plain} THEN ${duck}(${s}) WHEN ${s} IS NOT NULL THEN CAST(error(${message} || ${s}) AS VARCHAR) END`;
  };

/** DuckDB reverses grapheme clusters, BigQuery characters: the same for ASCII. */
const REVERSE =
  "CASE WHEN regexp_full_match($1, '[[:ascii:]]*') THEN reverse($1) ELSE CASE WHEN $1 IS NOT NULL THEN CAST(error('REVERSE of non-ASCII text is not supported by the embedded BigQuery') AS VARCHAR) END END";

function literal(call: CallInfo, index: number, what: string): Value & { text: string } {
  const value = call.values[index];
  if (value?.literal !== "string" || value.text === undefined)
    throw unsupported("argument", `${what} that is no string literal`);
  return { ...value, text: value.text };
}

/** The whole match, or what the one capturing group matched; NULL without a match. */
function regexpExtract([s = "", r = ""]: readonly string[], call: CallInfo): string {
  const groups = regexGroups(literal(call, 1, "regular expression").text);
  return `CASE WHEN regexp_matches(${s}, ${r}) THEN regexp_extract(${s}, ${r}, ${groups}) END`;
}

function regexpReplace([s = "", r = "", t = ""]: readonly string[], call: CallInfo): string {
  const { text } = literal(call, 2, "replacement");
  literal(call, 1, "regular expression");
  if (/\\(?![0-9\\])|\\$/.test(text.replaceAll("\\\\", ""))) throw unsupported("replacement", text);
  return `regexp_replace(${s}, ${r}, ${t}, 'g')`;
}

function split([s = "", delimiter = "','"]: readonly string[]): string {
  return `CASE WHEN ${s} IS NOT NULL AND ${delimiter} IS NOT NULL THEN string_split(${s}, ${delimiter}) END`;
}

/** Where the occurrence starts, counted forward from a position or backward from a negative one; 0: nowhere. */
function instr([s = "", part = "", position = "", occurrence = "CAST(1 AS BIGINT)"]: readonly string[]): string {
  const starts = `list_filter(range(1, length(${s}) - length(${part}) + 2), lambda i: substr(${s}, i, length(${part})) = ${part}`;
  const forward = `${starts} AND i >= ${position})[${occurrence}]`;
  const backward = `list_reverse(${starts} AND i <= length(${s}) + 1 + ${position}))[${occurrence}]`;
  const wrong = `${position} = 0 OR ${occurrence} < 1`;
  const error = "CAST(error('INSTR: the position must not be 0, and the occurrence must be 1 or more') AS BIGINT)";
  const empty = "CAST(error('INSTR of an empty text is not supported by the embedded BigQuery') AS BIGINT)";
  const anyNull = [s, part, position, occurrence].map((arg) => `${arg} IS NULL`).join(" OR ");
  const found = `coalesce(CASE WHEN ${position} > 0 THEN ${forward} ELSE ${backward} END, 0)`;
  return `CASE WHEN ${anyNull} THEN NULL WHEN ${wrong} THEN ${error} WHEN ${part} = '' THEN ${empty} ELSE ${found} END`;
}

/** String functions. Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions */
export const STRINGS = [
  ...scalars("string_functions", [
    ["LENGTH(STRING) -> INT64", "length($1)"],
    ["LENGTH(BYTES) -> INT64", "octet_length($1)"],
    ["CHAR_LENGTH(STRING) -> INT64", "length($1)"],
    ["CHARACTER_LENGTH(STRING) -> INT64", "length($1)"],
    ["BYTE_LENGTH(STRING) -> INT64", "octet_length(encode($1))"],
    ["BYTE_LENGTH(BYTES) -> INT64", "octet_length($1)"],
    ["UPPER(STRING) -> STRING", simpleCase("upper")],
    ["LOWER(STRING) -> STRING", simpleCase("lower")],
    ["TRIM(STRING) -> STRING", `trim($1, ${SPACES})`],
    ["TRIM(STRING, STRING) -> STRING", "trim($1, $2)"],
    ["LTRIM(STRING) -> STRING", `ltrim($1, ${SPACES})`],
    ["LTRIM(STRING, STRING) -> STRING", "ltrim($1, $2)"],
    ["RTRIM(STRING) -> STRING", `rtrim($1, ${SPACES})`],
    ["RTRIM(STRING, STRING) -> STRING", "rtrim($1, $2)"],
    ["SUBSTR(STRING, INT64[, INT64]) -> STRING", substr],
    ["SUBSTRING(STRING, INT64[, INT64]) -> STRING", substr],
    [
      "LEFT(STRING, INT64) -> STRING",
      ([s = "", n = ""]) => `left(${s}, ${notNegative(n, "Second argument in LEFT()")})`,
    ],
    [
      "RIGHT(STRING, INT64) -> STRING",
      ([s = "", n = ""]) => `right(${s}, ${notNegative(n, "Second argument in RIGHT()")})`,
    ],
    ["STARTS_WITH(STRING, STRING) -> BOOL", "starts_with($1, $2)"],
    ["ENDS_WITH(STRING, STRING) -> BOOL", "ends_with($1, $2)"],
    ["STRPOS(STRING, STRING) -> INT64", "instr($1, $2)"],
    ["INSTR(STRING, STRING) -> INT64", "instr($1, $2)"],
    ["INSTR(STRING, STRING, INT64[, INT64]) -> INT64", instr],
    ["REPLACE(STRING, STRING, STRING) -> STRING", "replace($1, $2, $3)"],
    ["CONCAT(STRING, STRING...) -> STRING", (args) => `(${args.join(" || ")})`],
    ["CONCAT(BYTES, BYTES...) -> BYTES", (args) => `(${args.join(" || ")})`],
    [
      "REPEAT(STRING, INT64) -> STRING",
      ([s = "", n = ""]) =>
        bounded(
          `repeat(${s}, ${notNegative(n, "Second argument in REPEAT()")})`,
          `CAST(strlen(${s}) AS DOUBLE) * ${n}`,
          "REPEAT",
        ),
    ],
    ["REVERSE(STRING) -> STRING", REVERSE],
    ["LPAD(STRING, INT64[, STRING]) -> STRING", pad("lpad")],
    ["RPAD(STRING, INT64[, STRING]) -> STRING", pad("rpad")],
    ["SPLIT(STRING[, STRING]) -> ARRAY<STRING>", split],
    ["REGEXP_CONTAINS(STRING, STRING) -> BOOL", "regexp_matches($1, $2)"],
    ["REGEXP_EXTRACT(STRING, STRING) -> STRING", regexpExtract],
    ["REGEXP_REPLACE(STRING, STRING, STRING) -> STRING", regexpReplace],
    ["TO_HEX(BYTES) -> STRING", "lower(hex($1))"],
    ["FROM_HEX(STRING) -> BYTES", "unhex(CASE WHEN length($1) % 2 = 1 THEN '0' || $1 ELSE $1 END)"],
    ["TO_BASE64(BYTES) -> STRING", "to_base64($1)"],
    ["FROM_BASE64(STRING) -> BYTES", "from_base64($1)"],
  ]),
  ...scalars("hash_functions", [
    ["MD5(STRING) -> BYTES", "unhex(md5($1))"],
    ["MD5(BYTES) -> BYTES", "unhex(md5($1))"],
    ["SHA1(STRING) -> BYTES", "unhex(sha1($1))"],
    ["SHA1(BYTES) -> BYTES", "unhex(sha1($1))"],
    ["SHA256(STRING) -> BYTES", "unhex(sha256($1))"],
    ["SHA256(BYTES) -> BYTES", "unhex(sha256($1))"],
  ]),
];
