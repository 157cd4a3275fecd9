import { bigQueryNames } from "#events";

/** What a person means by a line at the prompt. */
export type Input =
  /** Waits for more: the statement has no semicolon yet. */
  | { readonly kind: "unfinished"; readonly rest: string }
  | { readonly kind: "statement"; readonly text: string }
  | { readonly kind: "help" }
  | { readonly kind: "end" }
  | { readonly kind: "nothing" };

const { events, uniqueEvents, latest, anomalies, deliveryAudit } = bigQueryNames;
/** What can be asked. */
export const TABLES = [events, uniqueEvents, latest, anomalies, deliveryAudit].join(", ");

/** What the prompt says when it is asked for help. */
export const HELP = `A statement ends with a semicolon and may go over several lines.
  tables    ${TABLES}
  columns   SELECT column_name, data_type FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = '${events}';
  example   SELECT location, temperature_c, event_time FROM ${latest} ORDER BY location;
  audit     SELECT * FROM ${deliveryAudit} WHERE missing > 0 OR stored_twice > 0;
  leave     \\q, exit, quit or Ctrl-D
`;

const ENDS = new Set(["\\q", "exit", "quit", ":q", ".exit", ".quit"]);
const HELPS = new Set(["\\h", "\\?", "?", "help", ".help"]);

/**
 * Reads one more line behind what stands there already. The words that other prompts end with end this one too, also with
 * a semicolon, but only alone: behind something else they belong to the statement.
 */
export function readInput(rest: string, line: string): Input {
  const text = `${rest}${line}\n`;
  const statement = text.trim().replace(/;$/, "").trimEnd();
  const word = statement.toLowerCase();
  if (word === "") return { kind: "nothing" };
  if (ENDS.has(word)) return { kind: "end" };
  if (HELPS.has(word)) return { kind: "help" };
  return line.trimEnd().endsWith(";") ? { kind: "statement", text: statement } : { kind: "unfinished", rest: text };
}
