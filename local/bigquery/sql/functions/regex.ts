import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";

/**
 * How many capturing groups a regular expression of REGEXP_EXTRACT has: none or one.
 *
 * A group that takes part in some matches only (optional, or in an alternative) is refused: DuckDB answers an empty
 * string for it where BigQuery answers NULL.
 *
 * Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_extract
 */
export function regexGroups(pattern: string): number {
  const plain = pattern.replace(/\\[\s\S]/g, "__").replace(/\[\^?\]?[^\]]*\]/g, "_");
  const groups = [...plain.matchAll(/\((?!\?)|\(\?P?</g)].length;
  if (groups > 1)
    throw new SqlError(
      "invalidQuery",
      "Regular expressions passed into extraction functions must not have more than 1 capturing group",
    );
  if (groups === 1 && (/\)[?*{]/.test(plain) || hasAlternative(plain)))
    throw unsupported("regular expression", pattern);
  return groups;
}

/** Whether `|` stands outside the capturing group. */
function hasAlternative(plain: string): boolean {
  const start = plain.search(/\((?!\?)|\(\?P?</);
  let depth = 0;
  let end = start;
  for (; end < plain.length; end += 1) {
    if (plain[end] === "(") depth += 1;
    if (plain[end] === ")") depth -= 1;
    if (depth === 0) break;
  }
  return (plain.slice(0, start) + plain.slice(end)).includes("|");
}
