import { SqlError, type Statement, type TranslateInput } from "./statement.ts";
import { Cursor } from "./source/cursor.ts";
import { statementTokens } from "./source/statement-query.ts";
import { createView } from "./statements/create-view.ts";
import { deleteRows } from "./statements/delete.ts";
import { dropTarget } from "./statements/drop.ts";
import { insertRows } from "./statements/insert.ts";
import { selectQuery } from "./statements/select.ts";

export { SUPPORTED_FUNCTIONS } from "./functions/index.ts";
export type { FunctionEntry } from "./functions/entry.ts";
export { SqlError } from "./statement.ts";
export type * from "./statement.ts";

type Translator = (cursor: Cursor, input: TranslateInput) => Statement;

const STATEMENTS: Readonly<Record<string, Translator>> = {
  SELECT: selectQuery,
  WITH: selectQuery,
  "(": selectQuery,
  CREATE: createView,
  DROP: dropTarget,
  DELETE: deleteRows,
  INSERT: insertRows,
};

/** Statements of GoogleSQL that exist and are not supported. */
const KNOWN = new Set(
  `ALTER ASSERT BEGIN BREAK CALL CASE COMMIT CONTINUE DECLARE EXECUTE EXPORT FOR FROM GRANT IF ITERATE LEAVE LOAD LOOP
  MERGE RAISE REPEAT RETURN REVOKE ROLLBACK SET TRUNCATE UNDROP UPDATE WHILE`.split(/\s+/),
);

/**
 * Translates one GoogleSQL statement into DuckDB's SQL. Pure: it asks the catalog and nothing else.
 *
 * @throws SqlError if the statement is wrong or not supported. It never guesses.
 */
export function translate(input: TranslateInput): Statement {
  const cursor = new Cursor(input.sql, statementTokens(input.sql));
  const word = cursor.peek().text.toUpperCase();
  const translator = Object.hasOwn(STATEMENTS, word) ? STATEMENTS[word] : undefined;
  if (translator !== undefined) return translator(cursor, input);
  if (KNOWN.has(word))
    throw new SqlError("notImplemented", `statement is not supported by the embedded BigQuery: ${word}`);
  throw cursor.unexpected("a statement");
}
