import { Dialect, generate, parse } from "./polyglot.ts";
import type { Json } from "../syntax/node.ts";
import { SqlError } from "../statement.ts";
import { type Canonical, DOT, SLOT, type Slot } from "./canonical.ts";
import { checkNothingLost } from "./guard.ts";

/** How the parser says that one of its bounds was passed. */
const TOO_COMPLEX = /\bE_GUARD_/;

/** The parser's tree of one query, after a check that it holds everything that was written. */
export function parseQuery(canonical: Canonical): Json {
  const result = parse(canonical.text, Dialect.BigQuery);
  if (!result.success && TOO_COMPLEX.test(result.error))
    throw new SqlError("notImplemented", "a query that is nested so deeply is not supported by the embedded BigQuery");
  if (!result.success) throw new SqlError("invalidQuery", `Syntax error: ${readable(result.error, canonical.slots)}`);
  const statements = result.ast as unknown as readonly Json[];
  const [tree] = statements;
  if (tree === undefined || statements.length !== 1)
    throw new SqlError("invalidQuery", "Syntax error: Expected one statement");
  const generated = generate(result.ast, Dialect.BigQuery).sql?.[0];
  if (generated === undefined)
    throw new SqlError("notImplemented", "this query is not supported by the embedded BigQuery");
  checkNothingLost(canonical.text, generated);
  return tree;
}

/** The parser's message in the words of the source. */
function readable(message: string, slots: readonly Slot[]): string {
  const body = message.replace(/^Parse error at line \d+, column \d+: /, "");
  return body
    .replace(new RegExp(`${SLOT}(f_|\\d+)`, "g"), (text, part: string) => {
      const slot = slots[Number(part)];
      if (part === "f_" || slot === undefined) return part === "f_" ? "" : text;
      if (slot.kind === "name") return slot.value;
      return slot.kind === "literal" ? slot.text : slot.kind;
    })
    .replaceAll(DOT, ".");
}
